import type { ElementType } from "@selvedge/protocol";

/** A tensor as a pack holds it. */
export interface NamedTensor {
  readonly name: string;
  readonly dtype: ElementType;
  readonly dims: readonly number[];
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** An element type that a session takes and gives, and that JavaScript has an array for. */
export type RunnableType = Exclude<ElementType, "float16" | "int4" | "uint4" | "string">;

type ElementArray =
  | Float32Array
  | Float64Array
  | Int8Array
  | Uint8Array
  | Int16Array
  | Uint16Array
  | Int32Array
  | Uint32Array
  | BigInt64Array
  | BigUint64Array;

const ARRAYS = {
  float32: Float32Array,
  float64: Float64Array,
  int8: Int8Array,
  uint8: Uint8Array,
  int16: Int16Array,
  uint16: Uint16Array,
  int32: Int32Array,
  uint32: Uint32Array,
  int64: BigInt64Array,
  uint64: BigUint64Array,
  bool: Uint8Array,
} satisfies Record<RunnableType, unknown>;

/** Whether tensors of this type can go in and out of a session. */
export function isRunnable(dtype: string): dtype is RunnableType {
  return Object.hasOwn(ARRAYS, dtype);
}

/** A tensor's elements, numbers or (64-bit integers) bigints: a copy, whatever its alignment. */
export function elementsOf({ dtype, bytes }: Pick<NamedTensor, "dtype" | "bytes">): ElementArray {
  if (!isRunnable(dtype)) throw new TypeError(`cannot read the elements of a ${dtype} tensor`);
  return new ARRAYS[dtype](new Uint8Array(bytes).buffer);
}

/** Numbers as the bytes of a tensor of this type. */
export function bytesFrom(dtype: RunnableType, values: readonly number[]): Uint8Array<ArrayBuffer> {
  if (dtype === "int64") return new Uint8Array(BigInt64Array.from(values, BigInt).buffer);
  if (dtype === "uint64") return new Uint8Array(BigUint64Array.from(values, BigInt).buffer);
  return new Uint8Array(ARRAYS[dtype].from(values).buffer);
}
