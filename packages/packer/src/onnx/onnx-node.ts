import { create } from "@bufbuild/protobuf";
import {
  type AttributeProto,
  AttributeProtoSchema,
  AttributeProto_AttributeType as AttributeType,
  type TensorProto_DataType as DataType,
  type NodeProto,
  NodeProtoSchema,
} from "onnx-buf";

/** What a node is made of; inputs that are left out are empty strings. */
export interface NodeParts {
  readonly op: string;
  /** Whose operator it is; ONNX's own where absent. */
  readonly domain?: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes?: readonly AttributeProto[];
}

/** A node without a name: those of a small model's nodes take as much room as its biases do. */
export function makeNode({
  op,
  domain = "",
  inputs,
  outputs,
  attributes = [],
}: NodeParts): NodeProto {
  return create(NodeProtoSchema, {
    opType: op,
    domain,
    input: [...inputs],
    output: [...outputs],
    attribute: [...attributes],
  });
}

/** A node that makes a value one of another type. */
export function castNode(from: string, to: string, type: DataType): NodeProto {
  const attributes = [integerAttribute("to", type)];
  return makeNode({ op: "Cast", inputs: [from], outputs: [to], attributes });
}

export function integerAttribute(name: string, value: number): AttributeProto {
  return create(AttributeProtoSchema, { name, type: AttributeType.INT, i: BigInt(value) });
}

export function integersAttribute(name: string, values: readonly number[]): AttributeProto {
  const ints = values.map(BigInt);
  return create(AttributeProtoSchema, { name, type: AttributeType.INTS, ints });
}

export function floatAttribute(name: string, value: number): AttributeProto {
  return create(AttributeProtoSchema, { name, type: AttributeType.FLOAT, f: Math.fround(value) });
}

export function floatsAttribute(name: string, values: readonly number[]): AttributeProto {
  const floats = [...values];
  return create(AttributeProtoSchema, { name, type: AttributeType.FLOATS, floats });
}

export function stringsAttribute(name: string, values: readonly string[]): AttributeProto {
  const strings = values.map((value) => new TextEncoder().encode(value));
  return create(AttributeProtoSchema, { name, type: AttributeType.STRINGS, strings });
}

export function stringAttribute(name: string, value: string): AttributeProto {
  const s = new TextEncoder().encode(value);
  return create(AttributeProtoSchema, { name, type: AttributeType.STRING, s });
}

export function attributeOf(node: NodeProto, name: string): AttributeProto | undefined {
  return node.attribute.find((attribute) => attribute.name === name);
}

/** An integer attribute, or the value that the operator takes where it is left out. */
export function integerOf(node: NodeProto, name: string, otherwise: number): number {
  const attribute = attributeOf(node, name);
  return attribute === undefined ? otherwise : Number(attribute.i);
}

/** A float attribute, or the value that the operator takes where it is left out. */
export function floatOf(node: NodeProto, name: string, otherwise: number): number {
  return attributeOf(node, name)?.f ?? otherwise;
}

export function dropAttributes(node: NodeProto, ...names: readonly string[]): void {
  node.attribute = node.attribute.filter(({ name }) => !names.includes(name));
}

/** Whether a node is an operator of ONNX itself, rather than a namesake of another domain. */
export function isStandard(node: NodeProto): boolean {
  return node.domain === "" || node.domain === "ai.onnx";
}

/** What to call a node in a message. */
export function nodeLabel({ name, opType, output }: NodeProto): string {
  return `${opType} "${name || (output[0] ?? "")}"`;
}
