import type { ElementType } from "@selvedge/protocol";

/** The array that holds a tensor's elements, row-major; 4-bit elements are packed two to a byte. */
export type TensorData =
  | Float32Array
  | Float64Array
  | Int8Array
  | Uint8Array
  | Int16Array
  | Uint16Array
  | Int32Array
  | Uint32Array
  | BigInt64Array
  | BigUint64Array
  | readonly string[];

/**
 * A tensor is plain data: nothing has to be imported to make one, and an onnxruntime-web tensor fits
 * as it is. `float16` is carried as the bits in a `Uint16Array`, `bool` as 0 and 1 in a `Uint8Array`.
 */
export interface Tensor {
  readonly type: ElementType;
  readonly data: TensorData;
  readonly dims: readonly number[];
}

/** Tensors by name: what goes into a prediction and what comes out of it. */
export type Tensors = Readonly<Record<string, Tensor>>;

/** The buffers behind tensors, each once, to be transferred. */
export function buffersOf(tensors: Tensors): ArrayBuffer[] {
  const buffers = Object.values(tensors).flatMap(({ data }) =>
    "buffer" in data && data.buffer instanceof ArrayBuffer ? [data.buffer] : [],
  );
  return [...new Set(buffers)];
}
