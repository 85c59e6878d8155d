import type { Manifest, QuantizationError } from "@selvedge/protocol";
import { formatBytes } from "./format-bytes.ts";

/** A line for each variant of a pack: where it runs, how large it is, and what it costs in error. */
export function describeVariants({ variants }: Pick<Manifest, "variants">): string[] {
  const sizes = variants.map(({ graph, tensors }) => {
    const blobs = new Map([graph, ...tensors].map(({ sha256, bytes }) => [sha256, bytes]));
    return [...blobs.values()].reduce((sum, bytes) => sum + bytes, 0);
  });
  const fp32 = sizes[variants.findIndex(({ dtype }) => dtype === "fp32")];
  return variants.map((variant, index) => {
    const {
      dtype,
      engine,
      backends,
      requires,
      graph,
      tensors,
      error,
      metrics,
      kept = [],
    } = variant;
    const bytes = sizes[index] ?? 0;
    const share = fp32 === undefined || dtype === "fp32" ? "" : ` (${ratio(bytes, fp32)} × fp32)`;
    const size = `${formatBytes(bytes)}${share}: graph ${formatBytes(graph.bytes)}, ${tensors.length} tensors`;
    const cost =
      error === undefined
        ? ""
        : `; error ${errorShare(error)} (${error.snrDb} dB), off by at most ${error.maxDifference}`;
    const needs = requires.length === 0 ? "" : ` with ${requires.join(" and ")}`;
    const memory = `, ${formatBytes(variant.memoryBytes)} in memory`;
    const measured = Object.entries(metrics ?? {}).map(([metric, value]) => `; ${metric} ${value}`);
    const halves = kept.length === 0 ? "" : `; kept in float16: ${kept.join(", ")}`;
    return `${dtype}, ${engine} on ${backends.join(" and ")}${needs}, ${size}${memory}${cost}${halves}${measured.join("")}`;
  });
}

/** An error in dB as --max-error takes it: noise by signal. */
function errorShare({ snrDb }: QuantizationError): string {
  return (10 ** (-snrDb / 20)).toPrecision(2);
}

function ratio(part: number, whole: number): string {
  return (part / whole).toFixed(2);
}
