import type { Variant } from "@selvedge/protocol";
import type { VariantSummary } from "../worker/engine-api.ts";

/** The little of a variant that tells where it may run. */
export function summaryOf({
  dtype,
  engine,
  backends,
  requires,
  memoryBytes,
  graph,
  tensors,
}: Variant): VariantSummary {
  const sizes = tensors.map(({ bytes }) => bytes);
  return {
    dtype,
    engine,
    backends,
    requires,
    memoryBytes,
    bytes: sizes.reduce((sum, bytes) => sum + bytes, graph.bytes),
    largestTensorBytes: sizes.reduce((most, bytes) => Math.max(most, bytes), 0),
  };
}
