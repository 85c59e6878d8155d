import { toBinary } from "@bufbuild/protobuf";
import { type GraphProto, ModelProtoSchema, type NodeProto, type ValueInfoProto } from "onnx-buf";
import { makeNode } from "./onnx-node.ts";
import type { SourceModel } from "./read-model.ts";

/**
 * Takes from a model's outputs what is no tensor: onnxruntime-web can compute it, and hands it to
 * nobody. Classifiers end in a ZipMap, which makes such an output of a tensor; that one is kept.
 * Changes the model it is given.
 *
 * @returns the model, as it is where all outputs are tensors or none is, and what was done
 */
export function keepTensorOutputs(source: SourceModel): { kept: SourceModel; notes: string[] } {
  const { model } = source;
  const { graph } = model;
  const others = graph?.output.filter(isNoTensor) ?? [];
  if (graph === undefined || others.length === 0) return { kept: source, notes: [] };
  const zipped = others.filter((output) => unzip(graph, output));
  const left = others.filter((output) => !zipped.includes(output));
  if (left.length === graph.output.length) return { kept: source, notes: [] };
  graph.output = graph.output.filter((output) => !left.includes(output));
  const notes = [
    ...zipped.map(
      ({ name }) =>
        `Output "${name}" was a list of maps, which no page can read. It is packed as the tensor that its ZipMap read: a column for each class.`,
    ),
    ...left.map(
      ({ name }) => `Output "${name}" is no tensor, which no page can read, and was left out.`,
    ),
  ];
  return { kept: { ...source, bytes: toBinary(ModelProtoSchema, model) }, notes };
}

function isNoTensor({ type }: ValueInfoProto): boolean {
  const kind = type?.value.case;
  return kind !== undefined && kind !== "tensorType";
}

/** Makes an output what its ZipMap reads. @returns whether it has one */
function unzip(graph: GraphProto, output: ValueInfoProto): boolean {
  const node = graph.node.find((item) => isZipMap(item) && item.output.includes(output.name));
  if (node === undefined) return false;
  const identity = makeNode({ op: "Identity", inputs: node.input, outputs: node.output });
  graph.node = graph.node.map((item) => (item === node ? identity : item));
  // What it is now is found out by running it.
  delete output.type;
  return true;
}

function isZipMap({ opType, domain }: NodeProto): boolean {
  return opType === "ZipMap" && domain === "ai.onnx.ml";
}
