import type { GraphProto, NodeProto, TensorProto } from "onnx-buf";
import { DRAWING_OPERATORS } from "../onnx/drawing-operators.ts";
import { definitionsIn } from "../onnx/fresh-names.ts";
import { bodiesOf } from "../onnx/onnx-bodies.ts";
import { elementType } from "../onnx/onnx-element-type.ts";
import { isStandard } from "../onnx/onnx-node.ts";

/** A node that reads constants alone, and the graph it stands in. */
export interface ConstantNode {
  readonly graph: GraphProto;
  readonly node: NodeProto;
  /** By the names it has for them. Names repeat in bodies beside each other, values do not. */
  readonly reads: ReadonlyMap<string, ConstantValue>;
  readonly makes: ReadonlyMap<string, ConstantValue>;
}

/** A tensor that does not depend on the inputs; without `tensor`, one that a node makes. */
export interface ConstantValue {
  readonly tensor?: TensorProto;
}

/** Those whose values a session cannot hand out, and those that store weights smaller than they are. */
const NEVER: ReadonlySet<string> = new Set([
  ...DRAWING_OPERATORS,
  ...["DequantizeLinear", "QuantizeLinear", "DynamicQuantizeLinear"],
  ...["SequenceConstruct", "SequenceEmpty", "SplitToSequence", "Optional", "Constant"],
]);

type Scope = Map<string, ConstantValue>;

/** The nodes of a graph and its bodies that read constants alone, in an order to run them in. */
export function constantNodes(graph: GraphProto, around: Scope = new Map()): ConstantNode[] {
  const scope: Scope = new Map(around);
  for (const name of definitionsIn(graph)) scope.delete(name);
  const inputs = new Set(graph.input.map(({ name }) => name));
  for (const tensor of graph.initializer)
    if (!inputs.has(tensor.name) && isRunnable(tensor)) scope.set(tensor.name, { tensor });
  const outputs = new Set(graph.output.map(({ name }) => name));
  return graph.node.flatMap((node) => {
    const bodies = bodiesOf(node);
    if (bodies.length > 0) return bodies.flatMap((body) => constantNodes(body.graph, scope));
    // A value that is an output is left to a node: not every graph may return a constant.
    if (
      !isStandard(node) ||
      NEVER.has(node.opType) ||
      node.output.some((name) => outputs.has(name))
    )
      return [];
    const reads = new Map<string, ConstantValue>();
    for (const name of node.input) {
      const value = scope.get(name);
      if (value !== undefined) reads.set(name, value);
      else if (name !== "") return [];
    }
    const made = node.output.filter((name) => name !== "");
    const makes = new Map(made.map((name) => [name, {}]));
    for (const [name, value] of makes) scope.set(name, value);
    return [{ graph, node, reads, makes }];
  });
}

/** Whether a session could hand it out again. */
function isRunnable({ dataType }: TensorProto): boolean {
  const type = elementType(dataType);
  return type !== undefined && !["string", "int4", "uint4"].includes(type);
}
