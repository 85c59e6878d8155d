import type { Tensors } from "../tensor.ts";

/** What a copy of these tensors takes at least, in bytes. */
export function outputBytes(outputs: Tensors): number {
  return Object.values(outputs).reduce((sum, { data }) => sum + bytesOf(data), 0);
}

function bytesOf(data: Tensors[string]["data"]): number {
  if ("buffer" in data) return data.byteLength;
  // Two bytes for each character of a text.
  return data.reduce((sum, text) => sum + 2 * text.length, 0);
}
