import type { Tensor } from "../../tensor.ts";

/** An element as a number, whatever it is carried as. */
export function elementAt(
  { type, data }: Tensor,
  index: number,
): number | bigint | string | undefined {
  const element = data[index];
  return type === "float16" && typeof element === "number" ? fromHalf(element) : element;
}

/** The value of a float16, which is carried as its bits. IEEE 754 binary16. */
function fromHalf(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0x1f) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  return exponent === 0
    ? sign * 2 ** -14 * (fraction / 1024)
    : sign * 2 ** (exponent - 15) * (1 + fraction / 1024);
}
