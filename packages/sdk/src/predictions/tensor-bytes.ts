import { encodeStrings } from "@selvedge/protocol";
import type { Tensor } from "../tensor.ts";

/** The bytes of a tensor, row-major: a view of them, or of texts the JSON list of them. */
export function tensorBytesOf({ data }: Tensor): Uint8Array<ArrayBuffer> {
  if (!("buffer" in data)) return encodeStrings(data);
  const { buffer, byteOffset, byteLength } = data;
  // Tensors that were copied own their memory, which is not shared.
  return new Uint8Array(buffer as ArrayBuffer, byteOffset, byteLength);
}
