import { clone, create, toBinary } from "@bufbuild/protobuf";
import { type GraphProto, type NodeProto, NodeProtoSchema } from "onnx-buf";
import { DRAWING_OPERATORS } from "../onnx/drawing-operators.ts";
import { bodiesOf } from "../onnx/onnx-bodies.ts";
import { isStandard } from "../onnx/onnx-node.ts";
import { canRenameUses, renameUses } from "../onnx/rename-uses.ts";

/**
 * Makes nodes that compute the same from the same one node, in each graph by itself: exporters ask
 * for the shape of a value as often as they need it.
 */
export function mergeNodes(graph: GraphProto): void {
  const first = new Map<string, NodeProto>();
  const merged = new Set<NodeProto>();
  for (const node of graph.node) {
    const bodies = bodiesOf(node);
    for (const body of bodies) mergeNodes(body.graph);
    if (bodies.length > 0 || !isStandard(node) || DRAWING_OPERATORS.has(node.opType)) continue;
    const key = whatItComputes(node);
    const same = first.get(key);
    if (same === undefined) first.set(key, node);
    else if (takeOver(graph, node, same)) merged.add(node);
  }
  graph.node = graph.node.filter((node) => !merged.has(node));
}

/** Lets one node's readers read another's outputs. @returns whether all of them can */
function takeOver(graph: GraphProto, node: NodeProto, same: NodeProto): boolean {
  const pairs = node.output.map((from, index) => [from, same.output[index] ?? ""] as const);
  if (!pairs.every(([from, to]) => canRenameUses(graph, from, to))) return false;
  for (const [from, to] of pairs) if (from !== "") renameUses(graph, from, to);
  return true;
}

function whatItComputes(node: NodeProto): string {
  const { opType, input, output } = node;
  const attribute = clone(NodeProtoSchema, node).attribute.sort((a, b) =>
    a.name < b.name ? -1 : 1,
  );
  const bare = create(NodeProtoSchema, {
    opType,
    input,
    output: output.map((name) => (name === "" ? "" : "made")),
    attribute,
  });
  return Buffer.from(toBinary(NodeProtoSchema, bare)).toString("latin1");
}
