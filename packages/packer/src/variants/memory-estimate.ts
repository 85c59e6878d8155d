import { tensorBytes } from "@selvedge/protocol";
import type { NodeProto } from "onnx-buf";
import type { SplitModel } from "../onnx/split-model.ts";

/** What a session keeps of a weight: as it is stored, and as its kernels want it. */
const AS_STORED = 2;

/** What it keeps of one that a node makes float32 first, by that node: the weight, and four bytes an element. */
const EXPANDED: Readonly<Record<string, number>> = {
  // One byte stored.
  DequantizeLinear: 1 + 4,
  // Two bytes stored.
  Cast: 1 + 2,
};

/**
 * What a session of a model occupies, roughly: its weights as the session keeps them, and its graph
 * decoded and optimized. Held against the growth of onnxruntime-web's memory for models of matrices and
 * of convolutions, it is 0.9 to 2.7 times that.
 *
 * @param nodes those of the graph, where weights are made float32 in it
 */
export function memoryEstimate(
  { graph, tensors }: Pick<SplitModel, "graph" | "tensors">,
  nodes: readonly NodeProto[] = [],
): number {
  const factors = new Map(
    nodes.flatMap(({ opType, input: [weight = ""] }): [string, number][] => {
      const factor = EXPANDED[opType];
      return factor === undefined ? [] : [[weight, factor]];
    }),
  );
  const weights = tensors.reduce(
    (sum, { name, dtype, dims }) =>
      sum + (tensorBytes(dtype, dims) ?? 0) * (factors.get(name) ?? AS_STORED),
    0,
  );
  return weights + 4 * graph.length;
}
