import type { ElementType } from "@selvedge/protocol";
import { describe, expect, test } from "vitest";
import type { Tensor, TensorData } from "../../tensor.ts";
import { compareAnswers } from "./compare-answers.ts";

const tolerance = { absolute: 0.5, relative: 0.25 };

function floats(...values: number[]): Tensor {
  return { type: "float32", data: Float32Array.from(values), dims: [values.length] };
}

const compare = (answer: Tensor | undefined, golden: Tensor) =>
  compareAnswers("y", answer, golden, tolerance);

test("an answer holds up to absolute + relative · |golden|, and no further", () => {
  expect(compare(floats(-2.5, 1.5), floats(-4, 0)).holds).toBe(false);
  expect(compare(floats(-2.5, 0.5), floats(-4, 0)).holds).toBe(true);
  expect(compare(floats(-2.499), floats(-4)).holds).toBe(false);
});

test("the finding names the first element that is off, or how far the furthest was", () => {
  expect(compare(floats(1, 9), floats(1, 2)).finding).toBe("output y[1] is 9, golden 2");
  expect(compare(floats(1, 2.25), floats(1, 2)).finding).toBe("output y is within 2.5e-1");
});

test.each([
  [Number.NaN, 1],
  [1, Number.NaN],
  [Number.POSITIVE_INFINITY, 1],
  [1, Number.POSITIVE_INFINITY],
  [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY],
])("%d does not hold against a golden %d", (got, want) => {
  expect(compare(floats(got), floats(want)).holds).toBe(false);
});

test.each([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY])(
  "%d holds where it is the golden answer",
  (value) => expect(compare(floats(value), floats(value)).holds).toBe(true),
);

test("the two zeros are one", () => {
  expect(compare(floats(-0), floats(0)).holds).toBe(true);
});

describe("an answer does not hold that", () => {
  test("is missing", () => {
    expect(compare(undefined, floats(1))).toEqual({
      holds: false,
      finding: "output y is missing",
    });
  });

  test("has another shape, though the elements are the same", () => {
    const golden = { ...floats(1, 2), dims: [2, 1] };
    expect(compare(floats(1, 2), golden).finding).toBe("output y has shape [2], golden [2,1]");
  });

  test("is of another type", () => {
    const answer: Tensor = { type: "int32", data: Int32Array.of(1), dims: [1] };
    expect(compare(answer, floats(1)).finding).toBe("output y is int32, golden float32");
  });
});

test.each<[ElementType, same: TensorData, off: TensorData]>([
  ["int32", Int32Array.of(3), Int32Array.of(4)],
  ["int64", BigInt64Array.of(3n), BigInt64Array.of(4n)],
  ["bool", Uint8Array.of(0), Uint8Array.of(1)],
  ["string", ["a"], ["b"]],
])("%s has to be equal, whatever the tolerance", (type, same, off) => {
  const golden: Tensor = { type, data: same, dims: [1] };
  expect(compareAnswers("y", golden, golden, { absolute: 9, relative: 9 }).holds).toBe(true);
  const answer = { ...golden, data: off };
  expect(compareAnswers("y", answer, golden, { absolute: 9, relative: 9 }).holds).toBe(false);
});

describe("float16, which is carried as bits,", () => {
  const halves = (...bits: number[]): Tensor => ({
    type: "float16",
    data: Uint16Array.from(bits),
    dims: [bits.length],
  });
  const ONE = 0x3c00;
  const ONE_AND_A_HALF = 0x3e00;
  const MINUS_ONE = 0xbc00;
  const INFINITY = 0x7c00;
  const NAN = 0x7e01;
  const SMALLEST = 0x0001;

  test("is held to the tolerance of the values, not of the bits", () => {
    expect(compare(halves(ONE_AND_A_HALF), halves(ONE))).toEqual({
      holds: true,
      finding: "output y is within 5.0e-1",
    });
    expect(compare(halves(MINUS_ONE), halves(ONE)).finding).toBe("output y[0] is -1, golden 1");
    expect(compare(halves(SMALLEST), halves(0)).finding).toBe("output y is within 6.0e-8");
  });

  test("has infinities and NaN like the others", () => {
    expect(compare(halves(ONE), halves(INFINITY)).holds).toBe(false);
    expect(compare(halves(NAN), halves(ONE)).holds).toBe(false);
    expect(compare(halves(NAN, INFINITY), halves(NAN, INFINITY)).holds).toBe(true);
  });
});

test("an output without elements holds", () => {
  expect(compare(floats(), floats()).holds).toBe(true);
});
