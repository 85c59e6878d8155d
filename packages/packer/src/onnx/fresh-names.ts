import type { GraphProto } from "onnx-buf";
import { withNestedGraphs } from "./onnx-bodies.ts";

/** Names that nothing in a model has yet, nested graphs included: those would otherwise shadow them. */
export class FreshNames {
  readonly #taken: Set<string>;

  constructor(main: GraphProto) {
    this.#taken = new Set(withNestedGraphs(main).flatMap((graph) => [...namesIn(graph)]));
  }

  /** The name that is wanted, or one like it. */
  take(wanted: string): string {
    let name = wanted;
    for (let attempt = 2; this.#taken.has(name); attempt++) name = `${wanted}_${attempt}`;
    this.#taken.add(name);
    return name;
  }
}

/** The names that a graph itself binds. */
export function definitionsIn(graph: GraphProto): Set<string> {
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
