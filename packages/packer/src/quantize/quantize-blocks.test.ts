import fc from "fast-check";
import { expect, test } from "vitest";
import { fromFloat16 } from "./from-float16.ts";
import { BLOCK, type Matrix, type QuantizedBlocks, quantizeBlocks } from "./quantize-blocks.ts";
import { toFloat16 } from "./to-float16.ts";

const matrices = fc
  .record({
    rows: fc.integer({ min: 1, max: 80 }),
    columns: fc.integer({ min: 1, max: 4 }),
    isTransposed: fc.boolean(),
  })
  .chain((shape) =>
    fc.record({
      rows: fc.constant(shape.rows),
      columns: fc.constant(shape.columns),
      isTransposed: fc.constant(shape.isTransposed),
      values: fc.float32Array({
        min: -8,
        max: 8,
        noNaN: true,
        minLength: shape.rows * shape.columns,
        maxLength: shape.rows * shape.columns,
      }),
    }),
  );

const nibble = (bytes: Uint8Array, index: number) =>
  ((bytes[index >> 1] ?? 0) >> ((index & 1) * 4)) & 15;

/** A value as MatMulNBits reads it, and its scale. */
function read(
  { integers, scales, zeros }: QuantizedBlocks,
  { rows }: Matrix,
  { row, column }: { row: number; column: number },
) {
  const blocks = Math.ceil(rows / BLOCK);
  const index = column * blocks + Math.floor(row / BLOCK);
  const zero = nibble(zeros, column * Math.ceil(blocks / 2) * 2 + Math.floor(row / BLOCK));
  const integer = nibble(integers, index * BLOCK + (row % BLOCK));
  const scale = scales[index] ?? Number.NaN;
  return { value: (integer - zero) * scale, scale };
}

test("a value is off by one step of its block at most, wherever it lies", () => {
  fc.assert(
    fc.property(matrices, (matrix) => {
      const { values, rows, columns, isTransposed } = matrix;
      const quantized = quantizeBlocks(matrix);
      if (quantized === undefined) return;
      for (let row = 0; row < rows; row++)
        for (let column = 0; column < columns; column++) {
          const is = values[isTransposed ? column * rows + row : row * columns + column] ?? 0;
          const { value, scale } = read(quantized, matrix, { row, column });
          expect(Math.abs(value - is)).toBeLessThanOrEqual(scale * 1.01);
        }
    }),
  );
});

test("scales are numbers that float16 has, so that storing them in it loses nothing", () => {
  fc.assert(
    fc.property(matrices, (matrix) => {
      const { scales = new Float32Array() } = quantizeBlocks(matrix) ?? {};
      expect(fromFloat16(toFloat16(scales))).toEqual(scales);
    }),
  );
});

test("zeros stay zeros, among others and alone", () => {
  const values = Float32Array.from({ length: 64 }, (_, i) => (i < 32 ? (i % 3) - 0.5 : 0));
  for (let i = 0; i < 32; i += 3) values[i] = 0;
  const matrix = { values, rows: 64, columns: 1, isTransposed: false };
  const quantized = quantizeBlocks(matrix) ?? expect.fail("it was not quantized");
  for (let row = 0; row < 64; row++)
    if (values[row] === 0) expect(read(quantized, matrix, { row, column: 0 }).value).toBe(0);
});

test("a block of numbers too small for a float16 of full precision is refused", () => {
  const values = new Float32Array(32).fill(1e-7);
  expect(quantizeBlocks({ values, rows: 32, columns: 1, isTransposed: false })).toBeUndefined();
});
