import type { GraphProto, ModelProto } from "onnx-buf";
import { bodiesOf } from "./onnx-bodies.ts";

/** From this version of the format on, an initializer need not be listed as an input too. */
const FREE_INITIALIZERS = 4n;

/**
 * Makes every initializer of the main graph a constant, and drops those that nothing uses, nested
 * graphs included.
 *
 * Old exporters list weights as inputs as well. Before IR 4 that was the rule; after it, it means
 * that a caller may replace them, which keeps onnxruntime from folding them. A pack's signature does
 * not offer weights as inputs, so nothing is lost.
 */
export function settleInitializers(model: ModelProto, graph: GraphProto): void {
  if (model.irVersion < FREE_INITIALIZERS) model.irVersion = FREE_INITIALIZERS;
  const initializers = new Set(graph.initializer.map(({ name }) => name));
  graph.input = graph.input.filter(({ name }) => !initializers.has(name));
  dropUnusedInitializers(graph);
}

/**
 * Drops the initializers that nothing uses, nested graphs included.
 *
 * @returns every name that the graph or one nested in it refers to, shadowed ones included.
 */
export function dropUnusedInitializers(graph: GraphProto): Set<string> {
  // A body's inputs are bound by position: an initializer that is also one of them has to stay.
  const used = new Set([...graph.output, ...graph.input].map(({ name }) => name));
  for (const node of graph.node) {
    for (const name of node.input) used.add(name);
    for (const body of bodiesOf(node))
      for (const name of dropUnusedInitializers(body.graph)) used.add(name);
  }
  graph.initializer = graph.initializer.filter(({ name }) => used.has(name));
  return used;
}
