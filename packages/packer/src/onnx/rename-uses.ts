import type { GraphProto } from "onnx-buf";
import { definitionsIn } from "./fresh-names.ts";
import { bodiesOf, withNestedGraphs } from "./onnx-bodies.ts";

/** Makes nodes of a graph, and those of bodies that see it, read one name in place of another. */
export function renameUses(graph: GraphProto, from: string, to: string): void {
  for (const node of graph.node) {
    node.input = node.input.map((name) => (name === from ? to : name));
    for (const body of bodiesOf(node))
      if (!definitionsIn(body.graph).has(from)) renameUses(body.graph, from, to);
  }
}

/**
 * Whether `renameUses` would reach every use of a value: it is no output, of this graph or of a body,
 * and no body has something else of the other name.
 */
export function canRenameUses(graph: GraphProto, from: string, to: string): boolean {
  return (
    graph.output.every(({ name }) => name !== from) &&
    graph.node
      .flatMap(bodiesOf)
      .flatMap((body) => withNestedGraphs(body.graph))
      .every(
        (body) => !definitionsIn(body).has(to) && body.output.every(({ name }) => name !== from),
      )
  );
}
