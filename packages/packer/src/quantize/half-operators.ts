import type { NodeProto } from "onnx-buf";
import { isStandard } from "../onnx/onnx-node.ts";
import { CONTRIB_DOMAIN } from "./blocked-mat-mul.ts";

/**
 * Operators whose float inputs and outputs may all be float16. What is not among them computes in
 * float32: sums of many terms, means, powers, roots, exponentials and softmax lose too much or leave
 * float16's range, recurrent operators have no float16 kernels, and casts are about types themselves.
 */
const OPERATORS: ReadonlySet<string> = new Set([
  ...["Add", "Sub", "Mul", "Div", "Neg", "Abs", "Min", "Max", "Where"],
  ...["Relu", "LeakyRelu", "PRelu", "Clip", "Sigmoid", "HardSigmoid", "HardSwish", "Tanh", "Elu"],
  ...["Gelu", "Erf"],
  ...["Conv", "ConvTranspose", "MatMul", "Gemm", "BatchNormalization"],
  ...["MaxPool", "GlobalMaxPool"],
  ...[
    "Reshape",
    "Transpose",
    "Squeeze",
    "Unsqueeze",
    "Flatten",
    "Identity",
    "Expand",
    "Tile",
    "Pad",
  ],
  ...["Concat", "Slice", "Split", "Gather", "GatherElements", "GatherND"],
  ...["DepthToSpace", "SpaceToDepth", "Resize"],
]);

/** Inputs that are float32 whatever the others are. */
const ALWAYS_FLOAT: Readonly<Record<string, readonly number[]>> = { Resize: [1, 2] };

/** Whether a node can compute in float16. */
export function hasHalfKernel(node: NodeProto): boolean {
  if (node.domain === CONTRIB_DOMAIN) return node.opType === "MatMulNBits";
  return isStandard(node) && OPERATORS.has(node.opType);
}

/** The inputs of such a node that become float16 with it, where they are floats. */
export function halfInputs({ opType, input }: NodeProto): string[] {
  const kept = ALWAYS_FLOAT[opType] ?? [];
  return input.filter((name, index) => name !== "" && !kept.includes(index));
}
