import type { GraphProto, NodeProto } from "onnx-buf";
import { bodiesOf } from "../onnx/onnx-bodies.ts";

/**
 * Drops nodes of which nothing is read, bodies included.
 *
 * @returns the names that are read
 */
export function dropUnread(graph: GraphProto): Set<string> {
  const read = new Set(graph.output.map(({ name }) => name));
  const kept: NodeProto[] = [];
  // Whoever reads a value comes after the node that makes it.
  for (const node of [...graph.node].reverse()) {
    if (!node.output.some((name) => name !== "" && read.has(name))) continue;
    kept.push(node);
    for (const name of node.input) read.add(name);
    for (const body of bodiesOf(node)) for (const name of dropUnread(body.graph)) read.add(name);
  }
  graph.node = kept.reverse();
  return read;
}
