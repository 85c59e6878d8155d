/** The largest finite float16. */
export const LARGEST_FLOAT16 = 65_504;

/** The smallest normal float16 is 2^−14; below it, steps are of 2^−24. */
const SMALLEST_EXPONENT = -14;

const MANTISSA_BITS = 10;

/** Float32 numbers as float16 bits, rounded to nearest, ties to even; what is too large is clamped. */
export function toFloat16(values: Float32Array): Uint16Array {
  return Uint16Array.from(values, float16Bits);
}

function float16Bits(value: number): number {
  const sign = value < 0 || Object.is(value, -0) ? 0x8000 : 0;
  const size = Math.min(Math.abs(value), LARGEST_FLOAT16);
  const exponent = Math.max(Math.floor(Math.log2(size)), SMALLEST_EXPONENT);
  const steps = roundToEven(size / 2 ** (exponent - MANTISSA_BITS));
  // A normal number's leading bit, 2^10 steps, carries into the exponent; so does rounding up.
  return sign | (((exponent - SMALLEST_EXPONENT) << MANTISSA_BITS) + steps);
}

/** Exact, as steps are below 2^11 and come from a division by a power of two. */
function roundToEven(value: number): number {
  const floor = Math.floor(value);
  const rest = value - floor;
  if (rest !== 0.5) return Math.round(value);
  return floor % 2 === 0 ? floor : floor + 1;
}
