import { TensorProto_DataType as DataType, type GraphProto, type NodeProto } from "onnx-buf";
import { bodiesOf, withNestedGraphs } from "../onnx/onnx-bodies.ts";
import { attributeOf, integerOf, isStandard } from "../onnx/onnx-node.ts";
import { canRenameUses, renameUses } from "../onnx/rename-uses.ts";
import { integersOf, rawContent } from "../onnx/tensor-content.ts";
import { constantNamed, valueType } from "../onnx/value-type.ts";

/** Dropout takes `training_mode` as an input from here on; from opset 7 to here it never trains. */
const TRAINING_INPUT_OPSET = 12;
const INFERENCE_OPSET = 7;

/** Operators over any number of values, which pass on a single one as it is. */
const VARIADIC = ["Concat", "Sum", "Max", "Min", "Mean"];

/** What exporters write for the end of an axis; no axis is longer. */
const BEHIND_ALL = 2n ** 31n - 1n;

/** Takes out of a graph and its bodies the nodes that pass on what they get. */
export function dropIdleNodes(
  graph: GraphProto,
  opset: number,
  around: readonly GraphProto[] = [],
): void {
  const dropped = new Set<NodeProto>();
  const graphs = [graph, ...around];
  for (const node of graph.node) {
    for (const body of bodiesOf(node)) dropIdleNodes(body.graph, opset, graphs);
    if (isIdle(node, opset, graphs) && bypass(graph, node)) dropped.add(node);
  }
  graph.node = graph.node.filter((node) => !dropped.has(node));
}

/**
 * Whether its first output is its first input, and nobody reads another.
 *
 * @param graphs the one it stands in, and those around that
 */
function isIdle(node: NodeProto, opset: number, graphs: readonly GraphProto[]): boolean {
  if (!isStandard(node)) return false;
  const { opType, input } = node;
  if (VARIADIC.includes(opType)) return input.length === 1;
  switch (opType) {
    case "Identity":
      return true;
    case "Dropout":
      return !isTraining(node, opset, graphs) && !isMaskRead(node, graphs);
    case "Cast": {
      const to = integerOf(node, "to", DataType.UNDEFINED);
      return to !== DataType.UNDEFINED && valueType(graphs, input[0]) === to;
    }
    case "Slice":
      return isWholeSlice(node, graphs);
    case "Transpose":
      return attributeOf(node, "perm")?.ints.every((axis, at) => axis === BigInt(at)) ?? false;
    default:
      return false;
  }
}

/** From the first element of each axis to one that lies behind the last, whatever its size. */
function isWholeSlice(node: NodeProto, graphs: readonly GraphProto[]): boolean {
  const integers = (name: string, at: number): readonly bigint[] | undefined => {
    const attribute = attributeOf(node, name)?.ints;
    if (attribute !== undefined || !node.input[at]) return attribute;
    const tensor = constantNamed(graphs, node.input[at]);
    return tensor && integersOf(tensor);
  };
  const hasSteps = Boolean(node.input[4]);
  return (
    integers("starts", 1)?.every((start) => start === 0n) === true &&
    integers("ends", 2)?.every((end) => end >= BEHIND_ALL) === true &&
    (!hasSteps || integers("steps", 4)?.every((step) => step === 1n) === true)
  );
}

function isTraining({ input }: NodeProto, opset: number, graphs: readonly GraphProto[]): boolean {
  if (opset < INFERENCE_OPSET) return true;
  const name = input[2] ?? "";
  if (opset < TRAINING_INPUT_OPSET || name === "") return false;
  const mode = constantNamed(graphs, name);
  return mode === undefined || rawContent(mode).some((byte) => byte !== 0);
}

function isMaskRead({ output }: NodeProto, [graph]: readonly GraphProto[]): boolean {
  const mask = output[1] ?? "";
  return (
    mask !== "" &&
    graph !== undefined &&
    withNestedGraphs(graph).some(
      (each) =>
        each.output.some(({ name }) => name === mask) ||
        each.node.some(({ input }) => input.includes(mask)),
    )
  );
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
