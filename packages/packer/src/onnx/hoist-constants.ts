import { create, type MessageInitShape } from "@bufbuild/protobuf";
import {
  TensorProto_DataType as DataType,
  type GraphProto,
  type NodeProto,
  type TensorProto,
  TensorProtoSchema,
} from "onnx-buf";
import { bodiesOf } from "./onnx-bodies.ts";

/**
 * Turns `Constant` nodes into initializers of the graph they stand in, nested graphs included. The
 * names stay, and so do the scopes they are visible in. Constants that an initializer cannot hold
 * (sparse ones, strings) stay nodes.
 */
export function hoistConstants(graph: GraphProto): void {
  const nodes: NodeProto[] = [];
  for (const node of graph.node) {
    for (const body of bodiesOf(node)) hoistConstants(body.graph);
    const tensor = constantTensor(node);
    if (tensor === undefined) nodes.push(node);
    else graph.initializer.push(tensor);
  }
  graph.node = nodes;
}

function constantTensor(node: NodeProto): TensorProto | undefined {
  const [name] = node.output;
  const [attribute] = node.attribute;
  const isConstant = node.opType === "Constant" && ["", "ai.onnx"].includes(node.domain);
  if (!isConstant || name === undefined || attribute === undefined) return undefined;
  const tensor = (
    dataType: DataType,
    content: MessageInitShape<typeof TensorProtoSchema>,
  ): TensorProto => create(TensorProtoSchema, { ...content, name, dataType });
  switch (attribute.name) {
    case "value":
      if (attribute.t === undefined || attribute.t.dataType === DataType.STRING) return undefined;
      attribute.t.name = name;
      return attribute.t;
    case "value_float":
      return tensor(DataType.FLOAT, { floatData: [attribute.f] });
    case "value_floats":
      return tensor(DataType.FLOAT, {
        dims: [BigInt(attribute.floats.length)],
        floatData: attribute.floats,
      });
    case "value_int":
      return tensor(DataType.INT64, { int64Data: [attribute.i] });
    case "value_ints":
      return tensor(DataType.INT64, {
        dims: [BigInt(attribute.ints.length)],
        int64Data: attribute.ints,
      });
    default:
      return undefined;
  }
}
