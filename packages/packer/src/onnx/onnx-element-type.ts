import type { ElementType } from "@selvedge/protocol";
import { TensorProto_DataType as DataType } from "onnx-buf";

const ELEMENT_TYPES: ReadonlyMap<number, ElementType> = new Map([
  [DataType.FLOAT, "float32"],
  [DataType.DOUBLE, "float64"],
  [DataType.FLOAT16, "float16"],
  [DataType.INT8, "int8"],
  [DataType.UINT8, "uint8"],
  [DataType.INT16, "int16"],
  [DataType.UINT16, "uint16"],
  [DataType.INT32, "int32"],
  [DataType.UINT32, "uint32"],
  [DataType.INT64, "int64"],
  [DataType.UINT64, "uint64"],
  [DataType.BOOL, "bool"],
  [DataType.INT4, "int4"],
  [DataType.UINT4, "uint4"],
  [DataType.STRING, "string"],
]);

/** What ONNX's number for a data type means; `undefined` for types that Selvedge does not carry. */
export function elementType(dataType: number): ElementType | undefined {
  return ELEMENT_TYPES.get(dataType);
}

/** ONNX's number for an element type. */
export function dataTypeOf(element: ElementType): number {
  for (const [dataType, name] of ELEMENT_TYPES) if (name === element) return dataType;
  throw new TypeError(`ONNX has no data type ${element}`);
}

/** What to call a data type in a message. */
export function dataTypeName(dataType: number): string {
  return DataType[dataType]?.toLowerCase() ?? `data type ${dataType}`;
}
