import type { ElementType } from "@selvedge/protocol";
import type { Tensors } from "./tensor.ts";

/**
 * What is known of models by name. Empty until a file that `selvedge types` wrote is part of the
 * program: then `load("ocr-rec")` knows its inputs and outputs.
 */
// biome-ignore lint/suspicious/noEmptyInterface: generated files add to it, which a type cannot do.
export interface ModelTypes {}

/** A model's name: those in `ModelTypes` are suggested, any other is taken too. */
export type ModelName = keyof ModelTypes | (string & {});

/** What goes into a model: tensors by name, or any tensors where nothing is known of it. */
export type InputsOf<Name extends string> = Name extends keyof ModelTypes
  ? ModelTypes[Name] extends { readonly inputs: infer Inputs extends Tensors }
    ? { readonly [Key in keyof Inputs]: OfAnyRank<Inputs[Key]> }
    : Tensors
  : Tensors;

/** Tensors of other libraries, such as ort.Tensor, do not say their rank; `predict` looks at it. */
type OfAnyRank<Tensor> =
  Tensor extends TensorOf<infer Type, readonly number[]>
    ? TensorOf<Type, readonly number[]>
    : Tensor;

/** What comes out of a model: tensors by name, or any tensors where nothing is known of it. */
export type OutputsOf<Name extends string> = Name extends keyof ModelTypes
  ? ModelTypes[Name] extends { readonly outputs: infer Outputs extends Tensors }
    ? Outputs
    : Tensors
  : Tensors;

/**
 * A tensor of a known element type and rank: `Dims` has a number for each dimension.
 *
 * @example
 * ```ts
 * const x: TensorOf<"float32", [number, number]> = { type: "float32", data, dims: [1, 512] };
 * ```
 */
export interface TensorOf<Type extends ElementType, Dims extends readonly number[]> {
  readonly type: Type;
  readonly data: TensorArrays[Type];
  readonly dims: Readonly<Dims>;
}

/** Which array holds the elements of each type. */
interface TensorArrays {
  readonly float32: Float32Array;
  readonly float64: Float64Array;
  readonly float16: Uint16Array;
  readonly int8: Int8Array;
  readonly uint8: Uint8Array;
  readonly int16: Int16Array;
  readonly uint16: Uint16Array;
  readonly int32: Int32Array;
  readonly uint32: Uint32Array;
  readonly int64: BigInt64Array;
  readonly uint64: BigUint64Array;
  readonly bool: Uint8Array;
  readonly int4: Int8Array | Uint8Array;
  readonly uint4: Uint8Array;
  readonly string: readonly string[];
}
