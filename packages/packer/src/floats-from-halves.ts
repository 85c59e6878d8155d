/** Float16 elements, little-endian, as float32. IEEE 754 binary16. */
export function floatsFromHalves(halves: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  const view = new DataView(halves.buffer, halves.byteOffset, halves.byteLength);
  const floats = Float32Array.from({ length: halves.length / 2 }, (_, i) =>
    fromHalf(view.getUint16(2 * i, true)),
  );
  return new Uint8Array(floats.buffer);
}

function fromHalf(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0x1f) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  return exponent === 0
    ? sign * 2 ** -14 * (fraction / 1024)
    : sign * 2 ** (exponent - 15) * (1 + fraction / 1024);
}
