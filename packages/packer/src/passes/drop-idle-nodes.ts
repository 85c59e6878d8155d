import { TensorProto_DataType as DataType, type GraphProto, type NodeProto } from "onnx-buf";
import { bodiesOf } from "../onnx/onnx-bodies.ts";
import { attributeOf, integerOf, isStandard } from "../onnx/onnx-node.ts";
import { canRenameUses, renameUses } from "../onnx/rename-uses.ts";
import { rawContent } from "../onnx/tensor-content.ts";

/** Dropout takes `training_mode` as an input from here on; from opset 7 to here it never trains. */
const TRAINING_INPUT_OPSET = 12;
const INFERENCE_OPSET = 7;

/** Operators over any number of values, which pass on a single one as it is. */
const VARIADIC = ["Concat", "Sum", "Max", "Min", "Mean"];

/** Operators whose output is of one type, whatever they read. */
const TYPES_MADE: Readonly<Record<string, DataType>> = {
  Shape: DataType.INT64,
  Size: DataType.INT64,
  NonZero: DataType.INT64,
  ArgMax: DataType.INT64,
  ArgMin: DataType.INT64,
  ...Object.fromEntries(
    ["Equal", "Less", "LessOrEqual", "Greater", "GreaterOrEqual", "Not", "And", "Or", "IsNaN"].map(
      (operator) => [operator, DataType.BOOL],
    ),
  ),
};

/** Takes out of a graph and its bodies the nodes that pass on what they get. */
export function dropIdleNodes(graph: GraphProto, opset: number): void {
  const dropped = new Set<NodeProto>();
  for (const node of graph.node) {
    for (const body of bodiesOf(node)) dropIdleNodes(body.graph, opset);
    if (isIdle(graph, node, opset) && bypass(graph, node)) dropped.add(node);
  }
  graph.node = graph.node.filter((node) => !dropped.has(node));
}

/** Whether its first output is its first input, and nobody reads another. */
function isIdle(graph: GraphProto, node: NodeProto, opset: number): boolean {
  if (!isStandard(node)) return false;
  const { opType, input } = node;
  if (VARIADIC.includes(opType)) return input.length === 1;
  switch (opType) {
    case "Identity":
      return true;
    case "Dropout":
      return !isTraining(graph, node, opset) && !isMaskRead(graph, node);
    case "Cast": {
      const to = integerOf(node, "to", DataType.UNDEFINED);
      return to !== DataType.UNDEFINED && typeOf(graph, input[0]) === to;
    }
    case "Transpose":
      return attributeOf(node, "perm")?.ints.every((axis, at) => axis === BigInt(at)) ?? false;
    default:
      return false;
  }
}

function isTraining(graph: GraphProto, { input }: NodeProto, opset: number): boolean {
  if (opset < INFERENCE_OPSET) return true;
  const name = input[2] ?? "";
  if (opset < TRAINING_INPUT_OPSET || name === "") return false;
  const mode = graph.initializer.find((tensor) => tensor.name === name);
  return mode === undefined || rawContent(mode).some((byte) => byte !== 0);
}

function isMaskRead(graph: GraphProto, { output }: NodeProto): boolean {
  const mask = output[1] ?? "";
  if (mask === "") return false;
  const isRead = (within: GraphProto): boolean =>
    within.output.some(({ name }) => name === mask) ||
    within.node.some(
      (node) => node.input.includes(mask) || bodiesOf(node).some((body) => isRead(body.graph)),
    );
  return isRead(graph);
}

/** The type of a value, as far as the graph says it plainly. */
function typeOf(graph: GraphProto, name: string | undefined): DataType | undefined {
  const tensor = graph.initializer.find((item) => item.name === name);
  if (tensor !== undefined) return tensor.dataType;
  const maker = graph.node.find(({ output }) => output[0] === name);
  if (maker !== undefined && isStandard(maker)) {
    if (maker.opType === "Cast") return integerOf(maker, "to", DataType.UNDEFINED);
    const made = TYPES_MADE[maker.opType];
    if (made !== undefined) return made;
  }
  const said = [...graph.input, ...graph.valueInfo].find((item) => item.name === name);
  const kind = said?.type?.value;
  return kind?.case === "tensorType" ? kind.value.elemType : undefined;
}

/** Lets whoever reads what a node makes read what it gets. @returns whether that can be */
function bypass(graph: GraphProto, { input, output }: NodeProto): boolean {
  const [from = "", to = ""] = [input[0], output[0]];
  if (canRenameUses(graph, to, from)) {
    renameUses(graph, to, from);
    return true;
  }
  // An output keeps its name: what makes the value takes it over.
  const maker = graph.node.find((node) => node.output.includes(from));
  const isOutput = graph.output.some(({ name }) => name === to);
  if (maker === undefined || !isOutput || !canRenameUses(graph, from, to)) return false;
  renameUses(graph, from, to);
  maker.output = maker.output.map((name) => (name === from ? to : name));
  return true;
}
