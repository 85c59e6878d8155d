import { type ElementType, elementCount, encodeStrings, parseStrings } from "@selvedge/protocol";
import { fromFloat16 } from "./quantize/from-float16.ts";
import { toFloat16 } from "./quantize/to-float16.ts";

/** A tensor as a pack holds it. */
export interface NamedTensor {
  readonly name: string;
  readonly dtype: ElementType;
  readonly dims: readonly number[];
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** An element type that a session takes and gives, and that JavaScript has an array for. */
export type RunnableType = Exclude<ElementType, "int4" | "uint4">;

/** One whose elements are numbers, or booleans as 0 and 1. */
export type NumberType = Exclude<RunnableType, "string">;

type NumberArray =
  | Float32Array<ArrayBuffer>
  | Float64Array<ArrayBuffer>
  | Int8Array<ArrayBuffer>
  | Uint8Array<ArrayBuffer>
  | Int16Array<ArrayBuffer>
  | Uint16Array<ArrayBuffer>
  | Int32Array<ArrayBuffer>
  | Uint32Array<ArrayBuffer>
  | BigInt64Array<ArrayBuffer>
  | BigUint64Array<ArrayBuffer>;

const ARRAYS = {
  float32: Float32Array,
  float64: Float64Array,
  float16: Uint16Array,
  int8: Int8Array,
  uint8: Uint8Array,
  int16: Int16Array,
  uint16: Uint16Array,
  int32: Int32Array,
  uint32: Uint32Array,
  int64: BigInt64Array,
  uint64: BigUint64Array,
  bool: Uint8Array,
} satisfies Record<NumberType, unknown>;

/** Whether tensors of this type can go in and out of a session. */
export function isRunnable(dtype: string): dtype is RunnableType {
  return dtype === "string" || Object.hasOwn(ARRAYS, dtype);
}

/**
 * A tensor's elements as what they stand for: numbers, bigints (64-bit integers) or strings. A copy,
 * whatever its alignment.
 */
export function elementsOf(tensor: Omit<NamedTensor, "name">): NumberArray | readonly string[] {
  const data = sessionData(tensor);
  return tensor.dtype === "float16" && data instanceof Uint16Array ? fromFloat16(data) : data;
}

/** A tensor's elements as a session takes them, float16 as its bits: a copy, whatever its alignment. */
export function sessionData({
  dtype,
  dims,
  bytes,
}: Omit<NamedTensor, "name">): NumberArray | readonly string[] {
  if (dtype === "string") return parseStrings(bytes, elementCount(dims));
  if (!isRunnable(dtype)) throw new TypeError(`cannot read the elements of a ${dtype} tensor`);
  return new ARRAYS[dtype](new Uint8Array(bytes).buffer);
}

/** What a session gave, as the bytes of a tensor: a copy. */
export function bytesOfData(data: ArrayBufferView | readonly string[]): Uint8Array<ArrayBuffer> {
  if (!ArrayBuffer.isView(data)) return encodeStrings(data);
  return new Uint8Array(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
}

/** Numbers as the bytes of a tensor of this type: their digits, where it is one of strings. */
export function bytesFrom(dtype: RunnableType, values: readonly number[]): Uint8Array<ArrayBuffer> {
  if (dtype === "string") return encodeStrings(values.map(String));
  if (dtype === "float16") return bytesOfData(toFloat16(Float32Array.from(values)));
  if (dtype === "int64") return new Uint8Array(BigInt64Array.from(values, BigInt).buffer);
  if (dtype === "uint64") return new Uint8Array(BigUint64Array.from(values, BigInt).buffer);
  return new Uint8Array(ARRAYS[dtype].from(values).buffer);
}
