import type { GraphProto, NodeProto } from "onnx-buf";

/** A graph inside a node (a branch of an `If`, the body of a `Loop`), and what to call it. */
export interface Body {
  readonly graph: GraphProto;
  /** The node's first output and the attribute: unique within the graph that holds the node. */
  readonly path: string;
}

/** The graphs directly inside a node. */
export function bodiesOf(node: NodeProto): Body[] {
  return node.attribute.flatMap((attribute) => {
    const path = `${node.output[0] ?? node.name}.${attribute.name}`;
    const many = attribute.graphs.map((graph, index) => ({ graph, path: `${path}.${index}` }));
    return attribute.g === undefined ? many : [{ graph: attribute.g, path }, ...many];
  });
}

/** A graph and every graph nested in it, outermost first. */
export function withNestedGraphs(graph: GraphProto): GraphProto[] {
  return [graph, ...graph.node.flatMap(bodiesOf).flatMap((body) => withNestedGraphs(body.graph))];
}
