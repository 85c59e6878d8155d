import type { GraphProto } from "onnx-buf";
import { definitionsIn, FreshNames } from "./fresh-names.ts";
import { bodiesOf } from "./onnx-bodies.ts";
import { isExternalizable } from "./tensor-content.ts";

/**
 * Moves the large initializers of nested graphs up into the main graph, where they can be external:
 * onnxruntime-web refuses external data inside a body. A body sees the names of the graphs around
 * it, so all it takes is a name that nothing else in the model has.
 *
 * An initializer that is itself an output of its body stays, since a body may not return what it
 * does not own.
 */
export function liftInitializers(main: GraphProto): void {
  const names = new FreshNames(main);
  const liftFrom = (graph: GraphProto, prefix: string): void => {
    const bound = new Set([...graph.output, ...graph.input].map(({ name }) => name));
    graph.initializer = graph.initializer.filter((tensor) => {
      if (bound.has(tensor.name) || !isExternalizable(tensor)) return true;
      const name = names.take(`${prefix}/${tensor.name}`);
      renameUses(graph, tensor.name, name);
      graph.valueInfo = graph.valueInfo.filter((value) => value.name !== tensor.name);
      tensor.name = name;
      main.initializer.push(tensor);
      return false;
    });
    for (const body of graph.node.flatMap(bodiesOf)) liftFrom(body.graph, `${prefix}/${body.path}`);
  };
  for (const body of main.node.flatMap(bodiesOf)) liftFrom(body.graph, body.path);
}

function renameUses(graph: GraphProto, from: string, to: string): void {
  for (const node of graph.node) {
    node.input = node.input.map((name) => (name === from ? to : name));
    for (const body of bodiesOf(node))
      if (!definitionsIn(body.graph).has(from)) renameUses(body.graph, from, to);
  }
}
