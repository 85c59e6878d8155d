import { TensorProto_DataType as DataType, type GraphProto, type TensorProto } from "onnx-buf";
import { attributeOf, integerOf, isStandard } from "./onnx-node.ts";

/** Operators whose output is of one type, whatever they read. */
const TYPES_MADE: ReadonlyMap<string, DataType> = new Map([
  ...["Shape", "Size", "NonZero", "ArgMax", "ArgMin"].map((op) => [op, DataType.INT64] as const),
  ...["Equal", "Less", "LessOrEqual", "Greater", "GreaterOrEqual", "Not", "And", "Or"].map(
    (op) => [op, DataType.BOOL] as const,
  ),
]);

/** Operators whose first output is of the type of their first input. */
const TYPE_KEPT: ReadonlySet<string> = new Set([
  ...["Reshape", "Transpose", "Squeeze", "Unsqueeze", "Flatten", "Slice", "Gather", "Concat"],
  ...["Pad", "Expand", "Tile", "Identity", "Split", "Conv", "Gemm", "MatMul"],
  ...["Add", "Sub", "Mul", "Div", "Neg", "Relu", "Sigmoid", "Tanh", "Sqrt", "Softmax"],
]);

/** A value is looked for through this many nodes, and no further. */
const FURTHEST = 32;

/** A constant that nodes of a graph see. @param graphs the graph, and those around it */
export function constantNamed(
  graphs: readonly GraphProto[],
  name: string | undefined,
): TensorProto | undefined {
  const owner = graphs.find((graph) => defines(graph, name));
  return owner?.initializer.find((tensor) => tensor.name === name);
}

/**
 * The type of a value, as far as the graph tells it plainly.
 *
 * @param graphs the graph that the value is read in, and those around it, innermost first
 */
export function valueType(
  graphs: readonly GraphProto[],
  name: string | undefined,
  left: number = FURTHEST,
): DataType | undefined {
  const at = graphs.findIndex((graph) => defines(graph, name));
  const owner = graphs[at];
  if (owner === undefined || left === 0) return undefined;
  const said = [...owner.input, ...owner.valueInfo].find((item) => item.name === name)?.type?.value;
  if (said?.case === "tensorType") return said.value.elemType;
  const tensor = owner.initializer.find((item) => item.name === name);
  if (tensor !== undefined) return tensor.dataType;
  const node = owner.node.find(({ output }) => output.includes(name ?? ""));
  if (node === undefined || !isStandard(node)) return undefined;
  if (node.opType === "Cast") return integerOf(node, "to", DataType.UNDEFINED);
  if (TYPE_KEPT.has(node.opType)) return valueType(graphs.slice(at), node.input[0], left - 1);
  const answer = attributeOf(node, "then_branch")?.g?.output[node.output.indexOf(name ?? "")];
  const answered = answer?.type?.value;
  if (answered?.case === "tensorType") return answered.value.elemType;
  return node.output[0] === name ? TYPES_MADE.get(node.opType) : undefined;
}

function defines({ input, initializer, node }: GraphProto, name: string | undefined): boolean {
  return (
    input.some((item) => item.name === name) ||
    initializer.some((item) => item.name === name) ||
    node.some(({ output }) => output.includes(name ?? ""))
  );
}
