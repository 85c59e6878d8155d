import type { GraphProto, ModelProto, NodeProto, TensorProto } from "onnx-buf";
import { FreshNames } from "../onnx/fresh-names.ts";
import { makeTensor, type TensorParts } from "../onnx/graph-editor.ts";
import { bodiesOf } from "../onnx/onnx-bodies.ts";
import { isStandard } from "../onnx/onnx-node.ts";
import { raiseNode } from "./raise-node.ts";

/** DequantizeLinear takes a scale per channel from here on. */
export const PER_CHANNEL_OPSET = 13;

/** Opset 13 came with this version of the format. */
const PER_CHANNEL_IR = 7n;

/** The version of ONNX's own operators that a model was written for. */
export function opsetOf(model: ModelProto): number {
  const own = model.opsetImport.find(({ domain }) => domain === "" || domain === "ai.onnx");
  return Number(own?.version ?? 0n);
}

/**
 * Rewrites the nodes of a model of opset 12 and less for opset 13, bodies included. Where one has no
 * equal there, the model is left half rewritten: run this on a copy.
 *
 * What changed up to opset 7 is left out, but for Reshape: onnxruntime-web does not run operators in
 * the form they had before, those that broadcast by attributes for one.
 *
 * @throws Error that names the node which is in the way.
 */
export function raiseOpset(model: ModelProto, graph: GraphProto): void {
  const from = opsetOf(model);
  if (from >= PER_CHANNEL_OPSET) return;
  raiseGraph(graph, { from, names: new FreshNames(graph), around: () => undefined });
  for (const own of model.opsetImport)
    if (own.domain === "" || own.domain === "ai.onnx") own.version = BigInt(PER_CHANNEL_OPSET);
  if (model.irVersion < PER_CHANNEL_IR) model.irVersion = PER_CHANNEL_IR;
}

interface Raising {
  /** The opset it was written for. */
  readonly from: number;
  readonly names: FreshNames;
  /** Looks a constant up in the graphs around it. */
  around(name: string): TensorProto | undefined;
}

function raiseGraph(graph: GraphProto, { from, names, around }: Raising): void {
  const initializer = (name: string): TensorProto | undefined =>
    graph.initializer.find((tensor) => tensor.name === name) ?? around(name);
  const constant = (parts: TensorParts): string => {
    const name = names.take(parts.name);
    graph.initializer.push(makeTensor({ ...parts, name }));
    return name;
  };
  const fresh = (wanted: string): string => names.take(wanted);
  graph.node = graph.node.flatMap((node): NodeProto[] => {
    for (const body of bodiesOf(node)) raiseGraph(body.graph, { from, names, around: initializer });
    return isStandard(node)
      ? raiseNode(node, from, { graph, initializer, constant, fresh })
      : [node];
  });
}
