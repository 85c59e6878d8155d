import { create } from "@bufbuild/protobuf";
import { elementCount, SelvedgeError } from "@selvedge/protocol";
import {
  TensorProto_DataType as DataType,
  type GraphProto,
  type NodeProto,
  type TensorProto,
  TensorProtoSchema,
} from "onnx-buf";
import { FreshNames } from "./fresh-names.ts";
import { bodiesOf } from "./onnx-bodies.ts";
import { dimsOf, rawContent } from "./tensor-content.ts";

/** Elements of a tensor that is being made. */
type Elements = Float32Array | Int8Array | Uint8Array | Uint16Array | BigInt64Array;

/** What a tensor is made of. */
export interface TensorParts {
  /** What to call it, unless something else is called so. */
  readonly name: string;
  readonly type: DataType;
  readonly dims: readonly number[];
  readonly data: Elements;
}

/** A constant float tensor of a graph. */
export interface FloatWeight {
  readonly name: string;
  readonly dims: readonly number[];
  readonly values: Float32Array;
}

/** A main graph that is being rewritten. */
export class GraphEditor {
  readonly graph: GraphProto;
  readonly #names: FreshNames;
  readonly #initializers: Map<string, TensorProto>;

  constructor(graph: GraphProto) {
    this.graph = graph;
    this.#names = new FreshNames(graph);
    this.#initializers = new Map(graph.initializer.map((tensor) => [tensor.name, tensor]));
  }

  /** A name that nothing has yet. */
  fresh(wanted: string): string {
    return this.#names.take(wanted);
  }

  /** Adds a constant. @returns its name */
  add({ name: wanted, type, dims, data }: TensorParts): string {
    const name = this.fresh(wanted);
    const tensor = makeTensor({ name, type, dims, data });
    this.graph.initializer.push(tensor);
    this.#initializers.set(name, tensor);
    return name;
  }

  /** How many elements a constant float tensor has; `undefined` where the name is no such tensor. */
  floatCount(name: string | undefined): number | undefined {
    const tensor = this.#initializers.get(name ?? "");
    return tensor?.dataType === DataType.FLOAT ? elementCount(dimsOf(tensor)) : undefined;
  }

  /**
   * A constant float tensor.
   *
   * @returns `undefined` where the name is no such tensor
   * @throws SelvedgeError `model-invalid` for one that holds NaN, whatever it was meant for.
   */
  floats(name: string | undefined): FloatWeight | undefined {
    const tensor = this.#initializers.get(name ?? "");
    if (tensor?.dataType !== DataType.FLOAT) return undefined;
    const values = new Float32Array(new Uint8Array(rawContent(tensor)).buffer);
    const at = values.findIndex(Number.isNaN);
    if (at !== -1)
      throw new SelvedgeError(
        "model-invalid",
        `Weight "${tensor.name}" is NaN at element ${at}: the training that made it diverged. Export a healthy checkpoint.`,
      );
    return { name: tensor.name, dims: dimsOf(tensor), values };
  }

  /** The nodes that read a value by name; one inside a body counts as the node that holds the body. */
  readersOf(value: string): NodeProto[] {
    return this.graph.node.filter((node) => reads(node, value));
  }

  /** Whether a value is one of the model's answers. */
  isOutput(value: string): boolean {
    return this.graph.output.some(({ name }) => name === value);
  }
}

export function makeTensor({ name, type, dims, data }: TensorParts): TensorProto {
  const rawData = new Uint8Array(data.byteLength);
  rawData.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  return create(TensorProtoSchema, { name, dataType: type, dims: dims.map(BigInt), rawData });
}

function reads(node: NodeProto, value: string): boolean {
  return (
    node.input.includes(value) ||
    bodiesOf(node).some(
      ({ graph }) =>
        graph.node.some((inner) => reads(inner, value)) ||
        graph.output.some(({ name }) => name === value),
    )
  );
}
