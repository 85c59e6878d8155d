import { describe, expect, test } from "vitest";
import { bytesFrom, type NamedTensor, type RunnableType } from "../named-tensor.ts";
import { classScores } from "./class-scores.ts";

function output(dims: number[], values: number[], dtype: RunnableType = "float32"): NamedTensor {
  return { name: "y", dtype, dims, bytes: bytesFrom(dtype, values) };
}

describe("an output of scores", () => {
  test("gives the five likeliest classes of each row, the first of equal ones first", () => {
    const rows = [0.1, 0.5, 0.1, 0.9, 0.2, 0.3, 0, 0, 0, 0, 0, 1];
    expect(classScores(output([2, 6], rows))).toEqual({
      rankings: [
        [3, 1, 5, 4, 0],
        [5, 0, 1, 2, 3],
      ],
      classes: 6,
      isSequence: false,
    });
  });

  test("may be of one item, without a batch", () => {
    expect(classScores(output([2], [0, 1]))).toMatchObject({ rankings: [[1, 0]] });
  });

  test.each([[[1, 2, 2]], [[2, 1, 2]]])("is a sequence where it is %j", (dims) => {
    expect(classScores(output(dims, [0, 1, 1, 0]))).toEqual({
      rankings: [
        [1, 0],
        [0, 1],
      ],
      classes: 2,
      isSequence: true,
    });
  });
});

test("whole numbers are the classes themselves", () => {
  const expected = { rankings: [[7], [3]], isSequence: false };
  expect(classScores(output([2], [7, 3], "int64"))).toEqual(expected);
});

test.each([
  [output([], [1]), "[rows, classes]"],
  [output([2, 2, 1], [1, 2, 3, 4]), "[rows, classes]"],
  [output([2, 1], [0.2, 0.7]), "one score a row"],
  [output([1], [1], "bool"), "holds bools"],
])("what holds no classes is said to be none", (tensor, why) => {
  expect(classScores(tensor)).toContain(why);
});
