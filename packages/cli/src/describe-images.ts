import type { Manifest } from "@selvedge/protocol";
import { formatBytes } from "./format-bytes.ts";

/** A line for each image that a pack ships: what it wakes in, and what a first visit fetches of it. */
export function describeImages({ variants }: Pick<Manifest, "variants">): string[] {
  return variants.flatMap(({ dtype, images = [] }) =>
    images.map(({ runtime, madeOn, bare, difference }) => {
      const parts = `${formatBytes(difference.bytes)} and the runtime's ${formatBytes(bare.bytes)}`;
      return `${dtype} for onnxruntime-web ${runtime.version} on ${madeOn.architecture}: ${parts}`;
    }),
  );
}
