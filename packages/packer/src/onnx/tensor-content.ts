import { SelvedgeError, tensorBytes } from "@selvedge/protocol";
import { TensorProto_DataType as DataType, type TensorProto } from "onnx-buf";
import { dataTypeName, elementType } from "./onnx-element-type.ts";

/** Tensors of this many bytes and more leave the graph; smaller ones ride in it. */
export const EXTERNAL_BYTES = 2048;

/** Whether a tensor is large enough, and of a type, to be stored outside the graph. */
export function isExternalizable(tensor: TensorProto): boolean {
  return (sizeOf(tensor) ?? 0) >= EXTERNAL_BYTES;
}

/** A tensor's dimensions as numbers. */
export function dimsOf(tensor: TensorProto): number[] {
  return tensor.dims.map(Number);
}

/** The bytes that a tensor's type and dimensions ask for; `undefined` without a fixed size. */
export function sizeOf(tensor: TensorProto): number | undefined {
  const dtype = elementType(tensor.dataType);
  return dtype === undefined ? undefined : tensorBytes(dtype, dimsOf(tensor));
}

/**
 * A tensor's elements as raw bytes, little-endian, whichever of the format's fields holds them.
 *
 * @throws SelvedgeError `model-invalid` when they are not as many as the dimensions say.
 */
export function rawContent(tensor: TensorProto): Uint8Array<ArrayBuffer> {
  const bytes = tensor.rawData.length > 0 ? tensor.rawData : fromTypedField(tensor);
  const expected = sizeOf(tensor);
  if (bytes.length !== expected)
    throw new SelvedgeError(
      "model-invalid",
      `Tensor "${tensor.name}" holds ${bytes.length} bytes, but ${dataTypeName(tensor.dataType)}[${dimsOf(tensor).join(", ")}] takes ${expected}: the model is damaged. Export it again.`,
    );
  return bytes;
}

/** The elements of a tensor of 32-bit or 64-bit integers; `undefined` for other types. */
export function integersOf(tensor: TensorProto): bigint[] | undefined {
  const bytes = () => new Uint8Array(rawContent(tensor)).buffer;
  if (tensor.dataType === DataType.INT64) return [...new BigInt64Array(bytes())];
  if (tensor.dataType === DataType.INT32) return Array.from(new Int32Array(bytes()), BigInt);
  return undefined;
}

/** Little-endian, as every machine is that runs Node's WASM builds of onnxruntime. */
function fromTypedField(tensor: TensorProto): Uint8Array<ArrayBuffer> {
  const { floatData, doubleData, int32Data, int64Data, uint64Data } = tensor;
  switch (tensor.dataType) {
    case DataType.FLOAT:
      return new Uint8Array(Float32Array.from(floatData).buffer);
    case DataType.DOUBLE:
      return new Uint8Array(Float64Array.from(doubleData).buffer);
    case DataType.INT64:
      return new Uint8Array(BigInt64Array.from(int64Data).buffer);
    case DataType.UINT64:
      return new Uint8Array(BigUint64Array.from(uint64Data).buffer);
    case DataType.UINT32:
      return new Uint8Array(Uint32Array.from(uint64Data, Number).buffer);
    case DataType.INT32:
      return new Uint8Array(Int32Array.from(int32Data).buffer);
    case DataType.INT16:
    case DataType.UINT16:
    case DataType.FLOAT16:
      return new Uint8Array(Uint16Array.from(int32Data).buffer);
    default:
      // The 8-bit types, and the 4-bit ones, which are packed two to a value.
      return Uint8Array.from(int32Data);
  }
}
