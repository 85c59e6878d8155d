import type { RunnableType } from "../named-tensor.ts";

const INTEGERS: Readonly<Record<string, readonly [least: number, most: number]>> = {
  int8: [-(2 ** 7), 2 ** 7 - 1],
  uint8: [0, 2 ** 8 - 1],
  int16: [-(2 ** 15), 2 ** 15 - 1],
  uint16: [0, 2 ** 16 - 1],
  int32: [-(2 ** 31), 2 ** 31 - 1],
  uint32: [0, 2 ** 32 - 1],
  // Beyond these a JSON number may be another one than was written.
  int64: [Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER],
  uint64: [0, Number.MAX_SAFE_INTEGER],
  bool: [0, 1],
};

/** The largest finite float16. */
const LARGEST_HALF = 65_504;

/**
 * Whether numbers would become others as elements of a type.
 *
 * @returns what they should be, or `undefined` where they fit
 */
export function numberProblem(dtype: RunnableType, values: readonly number[]): string | undefined {
  const limits = INTEGERS[dtype];
  if (dtype === "float16")
    return values.every((value) => Math.abs(value) <= LARGEST_HALF)
      ? undefined
      : `numbers up to ${LARGEST_HALF}`;
  if (limits === undefined)
    return dtype === "float64" || values.every((value) => Number.isFinite(Math.fround(value)))
      ? undefined
      : "numbers below 3.4e38";
  const [least, most] = limits;
  if (!values.every(Number.isSafeInteger)) return "whole numbers";
  return values.every((value) => value >= least && value <= most)
    ? undefined
    : `numbers from ${least} to ${most}`;
}
