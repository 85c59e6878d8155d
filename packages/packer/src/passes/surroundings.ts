import type { GraphProto, NodeProto, TensorProto } from "onnx-buf";
import type { TensorParts } from "../onnx/graph-editor.ts";
import { nodeLabel } from "../onnx/onnx-node.ts";

/** The graph that a node stands in, and ways to add to it. */
export interface Surroundings {
  readonly graph: GraphProto;
  /** A constant that the node can see. */
  initializer(name: string): TensorProto | undefined;
  /** Adds a constant. @returns its name */
  constant(parts: TensorParts): string;
  /** A name that nothing has yet. */
  fresh(wanted: string): string;
}

/** What is thrown for a node that opset 13 cannot express. */
export function withoutEqual(node: NodeProto): Error {
  return new Error(`${nodeLabel(node)} has no equal in opset 13`);
}
