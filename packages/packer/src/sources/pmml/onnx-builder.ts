import { create } from "@bufbuild/protobuf";
import {
  type AttributeProto,
  TensorProto_DataType as DataType,
  type ModelProto,
  ModelProtoSchema,
  type NodeProto,
  type TensorProto,
  type ValueInfoProto,
  ValueInfoProtoSchema,
} from "onnx-buf";
import { makeTensor } from "../../onnx/graph-editor.ts";
import { integerAttribute, makeNode } from "../../onnx/onnx-node.ts";

/** The operators of trees: https://github.com/onnx/onnx/blob/main/docs/Operators-ml.md. */
export const ML_DOMAIN = "ai.onnx.ml";

/** An ONNX model of rows that is being written, value by value. */
export class OnnxBuilder {
  readonly #reserved: ReadonlySet<string>;
  readonly #taken = new Set<string>();
  readonly #inputs = new Map<string, ValueInfoProto>();
  readonly #outputs: ValueInfoProto[] = [];
  readonly #nodes: NodeProto[] = [];
  readonly #constants = new Map<string, TensorProto>();

  /** @param reserved names that inputs may have, in their order, and what is computed may not */
  constructor(reserved: Iterable<string>) {
    this.#reserved = new Set(reserved);
  }

  /** Adds an input of one column. @returns its name */
  input(name: string, elemType: DataType): string {
    this.#inputs.set(name, rowsOf(name, 1, elemType));
    this.#taken.add(name);
    return name;
  }

  /** Names a value as one of the model's answers. */
  output(
    wanted: string,
    value: string,
    { columns, type }: { columns: number; type: DataType },
  ): void {
    // All inputs are there by now: a field that is none, such as the target, may lend its name.
    const name = this.#fresh(wanted, this.#taken);
    this.#nodes.push(makeNode({ op: "Identity", inputs: [value], outputs: [name] }));
    this.#outputs.push(rowsOf(name, columns, type));
  }

  /** Adds a node of one output. @returns the output's name */
  op(
    op: string,
    inputs: readonly string[],
    attributes: readonly AttributeProto[] = [],
    domain = "",
  ): string {
    const output = this.#fresh(op);
    const node = makeNode({ op, inputs, outputs: [output], attributes });
    node.domain = domain;
    this.#nodes.push(node);
    return output;
  }

  cast(value: string, type: DataType): string {
    return this.op("Cast", [value], [integerAttribute("to", type)]);
  }

  /** Adds a constant of floats. @returns its name */
  floats(values: readonly number[], dims: readonly number[] = [1, values.length]): string {
    return this.#constant(DataType.FLOAT, Float32Array.from(values), dims);
  }

  /** Adds a constant of 64-bit integers. @returns its name */
  integers(values: readonly number[], dims: readonly number[] = [values.length]): string {
    return this.#constant(DataType.INT64, BigInt64Array.from(values, BigInt), dims);
  }

  finish(): ModelProto {
    return create(ModelProtoSchema, {
      irVersion: 8n,
      producerName: "selvedge",
      opsetImport: [{ version: 17n }, { domain: ML_DOMAIN, version: 3n }],
      graph: {
        name: "pmml",
        input: [...this.#reserved].flatMap((name) => this.#inputs.get(name) ?? []),
        output: this.#outputs,
        node: this.#nodes,
        initializer: [...this.#constants.values()],
      },
    });
  }

  #constant(type: DataType, data: Float32Array | BigInt64Array, dims: readonly number[]): string {
    const key = `${type} ${dims.join()} ${data.join()}`;
    const known = this.#constants.get(key);
    if (known !== undefined) return known.name;
    const tensor = makeTensor({ name: this.#fresh("constant"), type, dims, data });
    this.#constants.set(key, tensor);
    return tensor.name;
  }

  #fresh(wanted: string, avoided = this.#reserved): string {
    const isFree = (name: string) => !avoided.has(name) && !this.#taken.has(name);
    let name = wanted;
    for (let count = 1; !isFree(name); count++) name = `${wanted}_${count}`;
    this.#taken.add(name);
    return name;
  }
}

function rowsOf(name: string, columns: number, elemType: DataType): ValueInfoProto {
  const shape = {
    dim: [
      { value: { case: "dimParam" as const, value: "rows" } },
      { value: { case: "dimValue" as const, value: BigInt(columns) } },
    ],
  };
  return create(ValueInfoProtoSchema, {
    name,
    type: { value: { case: "tensorType", value: { elemType, shape } } },
  });
}
