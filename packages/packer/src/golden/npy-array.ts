import { elementCount } from "@selvedge/protocol";
import type { NamedTensor, NumberType } from "../named-tensor.ts";
import { floatsFromHalves } from "../onnx/floats-from-halves.ts";
import { type NpyHeader, readNpyHeader } from "./npy-header.ts";

/** What an `.npy` file holds: a tensor without its name, or texts. */
export type NpyArray =
  | (Pick<NamedTensor, "dims" | "bytes"> & { readonly dtype: NumberType })
  | { readonly dtype: "string"; readonly dims: readonly number[]; readonly texts: string[] };

/** By NumPy's kinds and sizes. float16 is read as float32, which most models take. */
const TYPES: Readonly<Record<string, NumberType>> = {
  f2: "float32",
  f4: "float32",
  f8: "float64",
  i1: "int8",
  u1: "uint8",
  i2: "int16",
  u2: "uint16",
  i4: "int32",
  u4: "uint32",
  i8: "int64",
  u8: "uint64",
  b1: "bool",
};

/**
 * Reads an array as `numpy.save` writes it. Python objects, which would have to be unpickled, are
 * refused.
 *
 * @returns the array or, where it cannot be read, what it has to be
 * @see https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html
 */
export function readNpyArray(file: Uint8Array): NpyArray | string {
  const header = readNpyHeader(file);
  if (typeof header === "string") return header;
  const { kind, itemBytes, dims } = header;
  const dtype = TYPES[`${kind}${itemBytes}`];
  // Texts of no length at all would be any number of them.
  if (dtype === undefined && (kind !== "U" || itemBytes === 0))
    return "an array of numbers, of booleans or, for labels, of texts";
  const size = elementCount(dims) * itemBytes;
  if (file.length - header.end !== size)
    return `given with ${size} bytes of elements, as its shape [${dims.join(", ")}] asks for`;
  const data = inRowOrder(header, file.slice(header.end));
  if (dtype === undefined) {
    const texts = readTexts(header, data);
    return texts === undefined ? "an array of texts in Unicode" : { dtype: "string", dims, texts };
  }
  if (!header.isLittleEndian) swapBytes(data, itemBytes);
  if (dtype === "bool" && data.some((value) => value > 1))
    return "an array of 0 and 1, as booleans are";
  return { dtype, dims, bytes: kind === "f" && itemBytes === 2 ? floatsFromHalves(data) : data };
}

/** Reorders elements of which the first index varies fastest, as Fortran has them. */
function inRowOrder(
  { isFortranOrder, dims, itemBytes }: NpyHeader,
  data: Uint8Array<ArrayBuffer>,
): Uint8Array<ArrayBuffer> {
  if (!isFortranOrder || dims.length < 2) return data;
  const ordered = new Uint8Array(data.length);
  for (let index = 0; index * itemBytes < data.length; index++) {
    let rest = index;
    let source = 0;
    let stride = elementCount(dims);
    for (const dim of dims.toReversed()) {
      stride /= dim;
      source += (rest % dim) * stride;
      rest = Math.floor(rest / dim);
    }
    const from = source * itemBytes;
    ordered.set(data.subarray(from, from + itemBytes), index * itemBytes);
  }
  return ordered;
}

function swapBytes(data: Uint8Array, itemBytes: number): void {
  for (let start = 0; start < data.length; start += itemBytes)
    data.subarray(start, start + itemBytes).reverse();
}

/** Texts are UTF-32, padded with zeros. */
function readTexts(
  { isLittleEndian, itemBytes }: NpyHeader,
  data: Uint8Array<ArrayBuffer>,
): string[] | undefined {
  const view = new DataView(data.buffer);
  const texts: string[] = [];
  for (let start = 0; start < data.length; start += itemBytes) {
    let text = "";
    for (let at = start; at < start + itemBytes; at += 4) {
      const point = view.getUint32(at, isLittleEndian);
      if (point > 0x10_ff_ff) return undefined;
      text += String.fromCodePoint(point);
    }
    texts.push(text.replace(/\0+$/, ""));
  }
  return texts;
}
