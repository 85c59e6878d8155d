import { fromFloat16 } from "../quantize/from-float16.ts";

/** Float16 elements, little-endian, as float32. */
export function floatsFromHalves(halves: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  return new Uint8Array(fromFloat16(new Uint16Array(halves.slice().buffer)).buffer);
}
