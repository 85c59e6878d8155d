import { fromFloat16 } from "./from-float16.ts";
import { toFloat16 } from "./to-float16.ts";

/** Values in a row that share a scale and a zero point: what WebGPU's kernels are written for. */
export const BLOCK = 32;

/** The largest of 16 steps. */
const LIMIT = 15;

/** The smallest float16 whose steps are no coarser than those of larger ones. */
const SMALLEST_SCALE = 2 ** -14;

/** A matrix in 4 bits, as MatMulNBits takes it: `value ≈ (integer − zero) · scale` of its block. */
export interface QuantizedBlocks {
  /** `[columns, blocks, BLOCK / 2]`, two integers to a byte, the first in its lower half. */
  readonly integers: Uint8Array;
  /** `[columns · blocks]`, each a number that float16 has. */
  readonly scales: Float32Array;
  /** `[columns, ⌈blocks / 2⌉]`, two to a byte as well. */
  readonly zeros: Uint8Array;
}

/** A matrix of `rows` × `columns`; transposed, it lies with a row for each column. */
export interface Matrix {
  readonly values: Float32Array;
  readonly rows: number;
  readonly columns: number;
  readonly isTransposed: boolean;
}

/** How a block is quantized. */
interface Steps {
  readonly scale: number;
  readonly zero: number;
}

/**
 * Quantizes a matrix in blocks, each a part of a column.
 *
 * @returns `undefined` where a block's scale would be no float16 of full precision
 */
export function quantizeBlocks(matrix: Matrix): QuantizedBlocks | undefined {
  const { rows, columns } = matrix;
  const blocks = Math.ceil(rows / BLOCK);
  const zeroBytes = Math.ceil(blocks / 2);
  const integers = new Uint8Array((columns * blocks * BLOCK) / 2);
  const scales = new Float32Array(columns * blocks);
  const zeros = new Uint8Array(columns * zeroBytes);
  for (let column = 0; column < columns; column++)
    for (let block = 0; block < blocks; block++) {
      const values = valuesOf(matrix, column, block * BLOCK);
      const steps = stepsOf(values);
      if (steps === undefined) return undefined;
      const index = column * blocks + block;
      scales[index] = steps.scale;
      putNibble(zeros, column * zeroBytes * 2 + block, steps.zero);
      // What pads the last block stands for zero.
      for (let i = 0; i < BLOCK; i++)
        putNibble(integers, index * BLOCK + i, integerFor(values[i] ?? 0, steps));
    }
  return { integers, scales, zeros };
}

function valuesOf(
  { values, rows, columns, isTransposed }: Matrix,
  column: number,
  from: number,
): Float32Array {
  const to = Math.min(rows, from + BLOCK);
  if (isTransposed) return values.subarray(column * rows + from, column * rows + to);
  return Float32Array.from(
    { length: to - from },
    (_, i) => values[(from + i) * columns + column] ?? 0,
  );
}

/** Steps from the smallest value of a block to the largest, zero among them. */
function stepsOf(values: Float32Array): Steps | undefined {
  let [least, most] = [0, 0];
  for (const value of values) {
    least = Math.min(least, value);
    most = Math.max(most, value);
  }
  if (most === least) return { scale: 1, zero: 0 };
  const [scale = 0] = fromFloat16(toFloat16(Float32Array.of((most - least) / LIMIT)));
  if (scale < SMALLEST_SCALE) return undefined;
  return { scale, zero: clampToSteps(Math.round(-least / scale)) };
}

function integerFor(value: number, { scale, zero }: Steps): number {
  return clampToSteps(Math.round(value / scale) + zero);
}

function clampToSteps(value: number): number {
  return Math.max(0, Math.min(LIMIT, value));
}

function putNibble(bytes: Uint8Array, index: number, value: number): void {
  bytes[index >> 1] = (bytes[index >> 1] ?? 0) | (value << ((index & 1) * 4));
}
