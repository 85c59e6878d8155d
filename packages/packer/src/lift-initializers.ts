import type { GraphProto } from "onnx-buf";
import { bodiesOf, withNestedGraphs } from "./onnx-bodies.ts";
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
  const taken = new Set(withNestedGraphs(main).flatMap((graph) => [...namesIn(graph)]));
  const freshName = (wanted: string): string => {
    let name = wanted;
    for (let attempt = 2; taken.has(name); attempt++) name = `${wanted}_${attempt}`;
    taken.add(name);
    return name;
  };
  const liftFrom = (graph: GraphProto, prefix: string): void => {
    const bound = new Set([...graph.output, ...graph.input].map(({ name }) => name));
    graph.initializer = graph.initializer.filter((tensor) => {
      if (bound.has(tensor.name) || !isExternalizable(tensor)) return true;
      const name = freshName(`${prefix}/${tensor.name}`);
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

function definitionsIn(graph: GraphProto): Set<string> {
  return new Set([
    ...graph.input.map(({ name }) => name),
    ...graph.initializer.map(({ name }) => name),
    ...graph.sparseInitializer.map(({ values }) => values?.name ?? ""),
    ...graph.node.flatMap(({ output }) => output),
  ]);
}

function namesIn(graph: GraphProto): Set<string> {
  return new Set([...definitionsIn(graph), ...graph.node.flatMap(({ input }) => input)]);
}
