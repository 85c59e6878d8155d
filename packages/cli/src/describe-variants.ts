import type { Manifest } from "@selvedge/protocol";
import { formatBytes } from "./format-bytes.ts";

/** A line for each variant of a pack: where it runs, how large it is, and what it costs in error. */
export function describeVariants({ variants }: Pick<Manifest, "variants">): string[] {
  const sizes = variants.map(({ graph, tensors }) => {
    const blobs = new Map([graph, ...tensors].map(({ sha256, bytes }) => [sha256, bytes]));
    return [...blobs.values()].reduce((sum, bytes) => sum + bytes, 0);
  });
  const fp32 = sizes[variants.findIndex(({ dtype }) => dtype === "fp32")];
  return variants.map(({ dtype, engine, backends, graph, tensors, error, metrics }, index) => {
    const bytes = sizes[index] ?? 0;
    const share = fp32 === undefined || dtype === "fp32" ? "" : ` (${ratio(bytes, fp32)} × fp32)`;
    const size = `${formatBytes(bytes)}${share}: graph ${formatBytes(graph.bytes)}, ${tensors.length} tensors`;
    const cost =
      error === undefined
        ? ""
        : `; ${error.snrDb} dB from fp32, off by at most ${error.maxDifference}`;
    const measured = Object.entries(metrics ?? {}).map(([metric, value]) => `; ${metric} ${value}`);
    return `${dtype}, ${engine} on ${backends.join(" and ")}, ${size}${cost}${measured.join("")}`;
  });
}

function ratio(part: number, whole: number): string {
  return (part / whole).toFixed(2);
}
