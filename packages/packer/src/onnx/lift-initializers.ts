import type { GraphProto } from "onnx-buf";
import { contentKey } from "./content-key.ts";
import { FreshNames } from "./fresh-names.ts";
import { bodiesOf } from "./onnx-bodies.ts";
import { renameUses } from "./rename-uses.ts";
import { isExternalizable } from "./tensor-content.ts";

/**
 * Moves the large initializers of nested graphs up into the main graph, where they can be external:
 * onnxruntime-web refuses external data inside a body. A body sees the names of the graphs around
 * it, so all it takes is a name that nothing else in the model has. Those that are equal, as both
 * branches of an `If` often have them, become one, which a session then holds once.
 *
 * An initializer that is itself an output of its body stays, since a body may not return what it
 * does not own.
 */
export function liftInitializers(main: GraphProto): void {
  const names = new FreshNames(main);
  const lifted = new Map<string, string>();
  const liftFrom = (graph: GraphProto, prefix: string): void => {
    const bound = new Set([...graph.output, ...graph.input].map(({ name }) => name));
    graph.initializer = graph.initializer.filter((tensor) => {
      if (bound.has(tensor.name) || !isExternalizable(tensor)) return true;
      // One that is still in its file is not read for this.
      const key = tensor.rawData.length > 0 ? contentKey(tensor) : undefined;
      const equal = key && lifted.get(key);
      const name = equal ?? names.take(`${prefix}/${tensor.name}`);
      renameUses(graph, tensor.name, name);
      graph.valueInfo = graph.valueInfo.filter((value) => value.name !== tensor.name);
      if (equal !== undefined) return false;
      if (key !== undefined) lifted.set(key, name);
      tensor.name = name;
      main.initializer.push(tensor);
      return false;
    });
    for (const body of graph.node.flatMap(bodiesOf)) liftFrom(body.graph, `${prefix}/${body.path}`);
  };
  for (const body of main.node.flatMap(bodiesOf)) liftFrom(body.graph, body.path);
}
