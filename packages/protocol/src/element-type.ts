/** What one element of a tensor is. The names are onnxruntime-web's, so its tensors fit as they are. */
export type ElementType =
  | "float32"
  | "float64"
  | "float16"
  | "int8"
  | "uint8"
  | "int16"
  | "uint16"
  | "int32"
  | "uint32"
  | "int64"
  | "uint64"
  | "bool"
  | "int4"
  | "uint4"
  | "string";

const BITS: Record<Exclude<ElementType, "string">, number> = {
  float32: 32,
  float64: 64,
  float16: 16,
  int8: 8,
  uint8: 8,
  int16: 16,
  uint16: 16,
  int32: 32,
  uint32: 32,
  int64: 64,
  uint64: 64,
  bool: 8,
  int4: 4,
  uint4: 4,
};

/** Every element type, for validating what comes from outside. */
export const ELEMENT_TYPES: readonly ElementType[] = [
  ...(Object.keys(BITS) as (keyof typeof BITS)[]),
  "string",
];

/** The number of elements in a tensor of these dimensions; 1 for a scalar. */
export function elementCount(dims: readonly number[]): number {
  return dims.reduce((count, dim) => count * dim, 1);
}

/**
 * How many bytes a tensor takes, 4-bit elements packed two to a byte.
 *
 * @returns `undefined` for strings, which have no fixed size.
 */
export function tensorBytes(type: ElementType, dims: readonly number[]): number | undefined {
  return type === "string" ? undefined : Math.ceil((elementCount(dims) * BITS[type]) / 8);
}
