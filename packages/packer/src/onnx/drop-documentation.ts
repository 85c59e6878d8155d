import { clearField, type DescMessage, type MessageShape } from "@bufbuild/protobuf";
import {
  AttributeProtoSchema,
  FunctionProtoSchema,
  GraphProtoSchema,
  type ModelProto,
  ModelProtoSchema,
  NodeProtoSchema,
  TensorProtoSchema,
  ValueInfoProtoSchema,
} from "onnx-buf";
import { withNestedGraphs } from "./onnx-bodies.ts";

/** What everything in a model may say about itself. */
const NOTES = ["docString", "metadataProps"];
/** What the model itself may say besides. */
const ORIGIN = ["producerName", "producerVersion", "domain", "modelVersion"];

/**
 * Takes out of a model what it says about itself, its nodes and its tensors: who exported it, from
 * which lines of code, and whatever else was noted. No runtime in a browser tells anyone, and an edit
 * of it would be an edit of the graph, which devices fetch.
 */
export function dropDocumentation(model: ModelProto): void {
  clear(ModelProtoSchema, [model], [...NOTES, ...ORIGIN]);
  clear(FunctionProtoSchema, model.functions);
  for (const { valueInfo, node } of model.functions) {
    clear(ValueInfoProtoSchema, valueInfo);
    clear(NodeProtoSchema, node);
  }
  for (const graph of model.graph === undefined ? [] : withNestedGraphs(model.graph)) {
    const { input, output, valueInfo, initializer, node: nodes } = graph;
    clear(GraphProtoSchema, [graph]);
    clear(ValueInfoProtoSchema, [...input, ...output, ...valueInfo]);
    clear(TensorProtoSchema, initializer);
    clear(NodeProtoSchema, nodes);
    for (const { attribute } of nodes) clear(AttributeProtoSchema, attribute);
  }
}

function clear<Desc extends DescMessage>(
  schema: Desc,
  messages: readonly MessageShape<Desc>[],
  names = NOTES,
): void {
  const fields = schema.fields.filter(({ localName }) => names.includes(localName));
  for (const message of messages) for (const field of fields) clearField(message, field);
}
