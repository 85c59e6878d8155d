import { TensorProto_DataType as DataType, type GraphProto, type NodeProto } from "onnx-buf";
import { type FloatWeight, GraphEditor, type TensorParts } from "../onnx/graph-editor.ts";
import { makeNode } from "../onnx/onnx-node.ts";
import type { KeptScales } from "./kept-scales.ts";
import { type QuantizedChannels, quantizeChannels, UNSIGNED_ZERO } from "./quantize-channels.ts";

/** Weights of fewer elements stay as they are: there is nothing to save in them, and much to lose. */
export const SMALLEST_WEIGHT = 256;

/** A value in 8 bits: the names of its integers, its scale and its zero point. */
export interface QuantizedValue {
  readonly integers: string;
  readonly scale: string;
  readonly zero: string;
}

/** What replaces a node. */
export type Replacement = readonly NodeProto[];

/** A graph whose weights are being quantized. What several nodes need alike is made once. */
export class Quantizer {
  readonly #editor: GraphEditor;
  readonly #made = new Map<string, string>();
  readonly #kept: KeptScales | undefined;

  /** @param kept what weights may keep of an older version's scales */
  constructor(graph: GraphProto, kept?: KeptScales) {
    this.#editor = new GraphEditor(graph);
    this.#kept = kept;
  }

  fresh(wanted: string): string {
    return this.#editor.fresh(wanted);
  }

  /**
   * A constant float tensor that is large enough to be worth quantizing.
   *
   * @throws SelvedgeError `model-invalid` for one that holds NaN.
   */
  weight(name: string | undefined): FloatWeight | undefined {
    const elements = this.#editor.floatCount(name) ?? 0;
    return elements < SMALLEST_WEIGHT ? undefined : this.#editor.floats(name);
  }

  /** A constant float tensor of any size. */
  constant(name: string | undefined): FloatWeight | undefined {
    return this.#editor.floats(name);
  }

  /** A weight in 8 bits, with a scale for each index of an axis: one that it kept, or its own. */
  channels({ name, dims, values }: FloatWeight, axis: number): QuantizedChannels {
    const kept = this.#kept;
    const elements = values.length;
    return quantizeChannels(values, {
      dims,
      axis,
      ...(kept && { settle: (scales) => kept.settle(name, { scales, elements }) }),
    });
  }

  /** Adds a constant. @returns its name */
  add(parts: TensorParts): string {
    return this.#editor.add(parts);
  }

  /** A constant that nodes may share: `key` says what it is, and the same key is made once. */
  share(key: string, make: () => TensorParts): string {
    return this.once(key, () => this.#editor.add(make()));
  }

  /** A name that is made once for a key. */
  once(key: string, make: () => string): string {
    const made = this.#made.get(key) ?? make();
    this.#made.set(key, made);
    return made;
  }

  /** An activation in 8 bits, with the node that makes it so where this is its first reader. */
  activation(name: string): { value: QuantizedValue; nodes: Replacement } {
    const nodes: NodeProto[] = [];
    const part = (what: string): string =>
      this.once(`activation ${what} ${name}`, () => this.fresh(`${name}/${what}`));
    const value = { integers: part("u8"), scale: part("s"), zero: part("z") };
    this.once(`activation node ${name}`, () => {
      nodes.push(
        makeNode({
          op: "DynamicQuantizeLinear",
          inputs: [name],
          outputs: [value.integers, value.scale, value.zero],
        }),
      );
      return name;
    });
    return { value, nodes };
  }

  /** The scalar that unsigned weights have for zero. */
  unsignedZero(): string {
    return this.share("unsigned zero", () => ({
      name: "u8/zero",
      type: DataType.UINT8,
      dims: [],
      data: Uint8Array.of(UNSIGNED_ZERO),
    }));
  }
}
