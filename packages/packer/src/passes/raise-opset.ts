import type { GraphProto, ModelProto, NodeProto } from "onnx-buf";
import { FreshNames } from "../fresh-names.ts";
import { makeTensor, type TensorParts } from "../graph-editor.ts";
import { bodiesOf } from "../onnx-bodies.ts";
import { isStandard } from "../onnx-node.ts";
import { raiseNode } from "./raise-node.ts";

/** DequantizeLinear takes a scale per channel from here on. */
export const PER_CHANNEL_OPSET = 13;

/** Older operators broadcast by attributes of their own, and hardly anything still has them. */
const OLDEST_OPSET = 7;

/** Opset 13 came with this version of the format. */
const PER_CHANNEL_IR = 7n;

/** The version of ONNX's own operators that a model was written for. */
export function opsetOf(model: ModelProto): number {
  const own = model.opsetImport.find(({ domain }) => domain === "" || domain === "ai.onnx");
  return Number(own?.version ?? 0n);
}

/**
 * Rewrites the nodes of a model of opset 7 to 12 for opset 13, bodies included. Where one has no
 * equal there, the model is left half rewritten: run this on a copy.
 *
 * @throws Error that names the node which is in the way.
 */
export function raiseOpset(model: ModelProto, graph: GraphProto): void {
  const from = opsetOf(model);
  if (from >= PER_CHANNEL_OPSET) return;
  if (from < OLDEST_OPSET) throw new Error(`opset ${from} is older than ${OLDEST_OPSET}`);
  raiseGraph(graph, from, new FreshNames(graph));
  for (const own of model.opsetImport)
    if (own.domain === "" || own.domain === "ai.onnx") own.version = BigInt(PER_CHANNEL_OPSET);
  if (model.irVersion < PER_CHANNEL_IR) model.irVersion = PER_CHANNEL_IR;
}

function raiseGraph(graph: GraphProto, from: number, names: FreshNames): void {
  const constant = (parts: TensorParts): string => {
    const name = names.take(parts.name);
    graph.initializer.push(makeTensor({ ...parts, name }));
    return name;
  };
  const fresh = (wanted: string): string => names.take(wanted);
  graph.node = graph.node.flatMap((node): NodeProto[] => {
    for (const body of bodiesOf(node)) raiseGraph(body.graph, from, names);
    return isStandard(node) ? raiseNode(node, from, { graph, constant, fresh }) : [node];
  });
}
