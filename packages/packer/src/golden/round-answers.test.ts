import fc from "fast-check";
import { expect, test } from "vitest";
import { bytesFrom, elementsOf, type NamedTensor, type RunnableType } from "../named-tensor.ts";
import type { GoldenAnswer } from "./golden.ts";
import { roundAnswers } from "./round-answers.ts";

const tensor = (dtype: RunnableType, values: number[]): NamedTensor => ({
  name: "y",
  dtype,
  dims: [values.length],
  bytes: bytesFrom(dtype, values),
});

function numbersOf(tensor: NamedTensor): number[] {
  const numbers: number[] = [];
  for (const value of elementsOf(tensor)) numbers.push(Number(value));
  return numbers;
}

function roundedTo(absolute: number, answer: GoldenAnswer): number[] {
  const strict = { absolute, relative: 0 };
  const lax = { absolute: 10 * absolute, relative: 0 };
  const [rounded] = roundAnswers([answer], { webgpu: lax, wasm: strict });
  return rounded === undefined ? [] : numbersOf(rounded);
}

test.each(["float32", "float64"] as const)(
  "rounding a %s costs no more than an eighth of the strictest tolerance",
  (dtype) => {
    const answers = fc.array(fc.float({ noNaN: true, min: -1e6, max: 1e6 }));
    const tolerance = fc.double({ noNaN: true, min: 1e-9, max: 1 });
    fc.assert(
      fc.property(answers, tolerance, (values, absolute) => {
        const rounded = roundedTo(absolute, tensor(dtype, values));
        values.forEach((value, i) => {
          expect(Math.abs((rounded[i] ?? Number.NaN) - value)).toBeLessThanOrEqual(absolute / 8);
        });
        expect(roundedTo(absolute, tensor(dtype, rounded))).toEqual(rounded);
      }),
      { examples: [[[878_945.625], 1 - Number.EPSILON / 2]] },
    );
  },
);

test("what differs by less than can be told apart becomes equal, zeros of both signs too", () => {
  const step = 2 ** -10;
  const [a, b] = [1e-5, 2e-5].map((by) =>
    roundedTo(4 * step, tensor("float32", [by, 0.5 + by, -by])),
  );
  expect(a).toEqual([0, 0.5, 0]);
  expect(b).toEqual(a);
});

test("an answer of another scale is rounded to another step", () => {
  const answer = tensor("float32", [0.001]);
  expect(roundedTo(0.1, answer)).toEqual([0]);
  expect(roundedTo(0.1, { ...answer, scale: 0.001 })[0]).toBeCloseTo(0.001, 4);
});

test("answers that have to be exact, and whole numbers, stay as they are", () => {
  expect(roundedTo(0, tensor("float64", [1e-9, 0.1]))).toEqual([1e-9, 0.1]);
  expect(roundedTo(100, tensor("int32", [1, -7]))).toEqual([1, -7]);
  expect(roundedTo(1e-9, tensor("float32", [3e38]))).toEqual([Math.fround(3e38)]);
});
