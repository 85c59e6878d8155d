import { expect, test } from "vitest";
import { fromFloat16 } from "./from-float16.ts";
import { toFloat16 } from "./to-float16.ts";

test.each([
  [0x0000, 0],
  [0x3c00, 1],
  [0xc000, -2],
  [0x3555, 0.333251953125],
  [0x7bff, 65504],
  [0x0001, 2 ** -24],
  [0x03ff, 1023 * 2 ** -24],
  [0x0400, 2 ** -14],
  [0x7c00, Number.POSITIVE_INFINITY],
  [0xfc00, Number.NEGATIVE_INFINITY],
  [0x7e00, Number.NaN],
])("the bits %i stand for %f", (bits, value) => {
  expect(fromFloat16(Uint16Array.of(bits))).toEqual(Float32Array.of(value));
});

test("every finite number comes back as the bits it had", () => {
  const finite = Uint16Array.from({ length: 2 ** 16 }, (_, bits) => bits).filter(
    (bits) => (bits & 0x7c00) !== 0x7c00,
  );
  expect(toFloat16(fromFloat16(finite))).toEqual(finite);
});
