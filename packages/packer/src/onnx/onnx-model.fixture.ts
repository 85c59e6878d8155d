import { mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { create, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import {
  type AttributeProto,
  AttributeProtoSchema,
  AttributeProto_AttributeType as AttributeType,
  TensorProto_DataType as DataType,
  type GraphProto,
  GraphProtoSchema,
  type ModelProto,
  ModelProtoSchema,
  type NodeProto,
  NodeProtoSchema,
  type TensorProto,
  TensorProtoSchema,
  type ValueInfoProto,
  ValueInfoProtoSchema,
} from "onnx-buf";

export { DataType };

/** A float tensor. */
export function floats(name: string, dims: number[], values: ArrayLike<number>): TensorProto {
  return create(TensorProtoSchema, {
    name,
    dims: dims.map(BigInt),
    dataType: DataType.FLOAT,
    rawData: new Uint8Array(Float32Array.from(values).buffer),
  });
}

/** A vector of 64-bit integers. */
export function longs(name: string, ...values: number[]): TensorProto {
  return create(TensorProtoSchema, {
    name,
    dims: [BigInt(values.length)],
    dataType: DataType.INT64,
    rawData: new Uint8Array(BigInt64Array.from(values, BigInt).buffer),
  });
}

/** A float vector of one value, over and over. */
export function filled(name: string, length: number, value: number): TensorProto {
  return floats(name, [length], new Float32Array(length).fill(value));
}

export function node(
  opType: string,
  input: string[],
  output: string[],
  attribute: AttributeProto[] = [],
): NodeProto {
  return create(NodeProtoSchema, { opType, input, output, attribute });
}

export function attribute(
  name: string,
  content: Omit<MessageInitShape<typeof AttributeProtoSchema>, "name" | "$typeName">,
): AttributeProto {
  return create(AttributeProtoSchema, { ...content, name });
}

export function bodyAttribute(name: string, body: GraphProto): AttributeProto {
  return attribute(name, { type: AttributeType.GRAPH, g: body });
}

/** A `Constant` node that holds a tensor. */
export function constant(tensor: TensorProto): NodeProto {
  const value = attribute("value", { type: AttributeType.TENSOR, t: tensor });
  return node("Constant", [], [tensor.name], [value]);
}

/** An input or output; names stand for free dimensions. */
export function value(
  name: string,
  dims?: (number | string)[],
  elemType: number = DataType.FLOAT,
): ValueInfoProto {
  const dim = dims?.map((size) => ({
    value:
      typeof size === "number"
        ? { case: "dimValue" as const, value: BigInt(size) }
        : { case: "dimParam" as const, value: size },
  }));
  const tensor = dim === undefined ? { elemType } : { elemType, shape: { dim } };
  return create(ValueInfoProtoSchema, {
    name,
    type: { value: { case: "tensorType", value: tensor } },
  });
}

export function graph(content: MessageInitShape<typeof GraphProtoSchema>): GraphProto {
  return create(GraphProtoSchema, { name: "graph", ...content });
}

export function model(content: GraphProto, { irVersion = 8n, opset = 13n } = {}): ModelProto {
  return create(ModelProtoSchema, {
    irVersion,
    opsetImport: [{ version: opset }],
    graph: content,
  });
}

/** `y = x + w`, `w` of 512 floats: just large enough to leave the graph. */
export function addModel(
  weight: TensorProto = filled("w", 512, 0.5),
  { opType = "Add", elemType = DataType.FLOAT }: { opType?: string; elemType?: number } = {},
): ModelProto {
  return model(
    graph({
      input: [value("x", ["n", 512], elemType)],
      output: [value("y", ["n", 512])],
      initializer: [weight],
      node: [node(opType, ["x", "w"], ["y"])],
    }),
  );
}

export function encode(onnx: ModelProto): Uint8Array<ArrayBuffer> {
  return toBinary(ModelProtoSchema, onnx);
}

/** A new folder of its own for a test. */
export async function temporaryFolder(): Promise<string> {
  return await mkdtemp(join(tmpdir(), "selvedge-packer-"));
}

/** Writes a model into a new folder and says where. */
export async function modelFile(onnx: ModelProto): Promise<string> {
  const path = join(await temporaryFolder(), "model.onnx");
  await writeFile(path, encode(onnx));
  return path;
}
