import fc from "fast-check";
import { expect, test } from "vitest";
import { toFloat16 } from "./to-float16.ts";

/** What float16 bits stand for, by the format's definition. */
function float16Value(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = (bits & 0x3ff) / 1024;
  return sign * (exponent === 0 ? fraction * 2 ** -14 : (1 + fraction) * 2 ** (exponent - 15));
}

test.each([
  [0, 0x0000],
  [-0, 0x8000],
  [1, 0x3c00],
  [-2, 0xc000],
  [65_504, 0x7bff],
  [1e9, 0x7bff],
  [Number.NEGATIVE_INFINITY, 0xfbff],
  [2 ** -24, 0x0001],
  [2 ** -25, 0x0000],
  [2 ** -14, 0x0400],
  [2 ** -14 - 2 ** -26, 0x0400],
  [1 + 2 ** -11, 0x3c00],
  [1 + 3 * 2 ** -11, 0x3c02],
  [2 - 2 ** -12, 0x4000],
])("%d becomes %i", (value, bits) => {
  expect([...toFloat16(Float32Array.of(value))]).toEqual([bits]);
});

test("every float16 comes back as itself", () => {
  const finite = Array.from({ length: 0x10000 }, (_, bits) => bits).filter(
    (bits) => (bits & 0x7c00) !== 0x7c00,
  );
  expect([...toFloat16(Float32Array.from(finite, float16Value))]).toEqual(finite);
});

test("no float16 is nearer to a number than the one it becomes", () => {
  fc.assert(
    fc.property(fc.float({ min: -65_504, max: 65_504, noNaN: true }), (value) => {
      const [bits = 0] = toFloat16(Float32Array.of(value));
      const error = Math.abs(float16Value(bits) - value);
      for (const neighbour of [bits - 1, bits + 1].filter((b) => (b & 0x7c00) !== 0x7c00 && b >= 0))
        expect(error).toBeLessThanOrEqual(Math.abs(float16Value(neighbour) - value));
    }),
  );
});
