import { expect, test } from "vitest";
import { bytesFrom, type NamedTensor, type RunnableType } from "../named-tensor.ts";
import { inputMismatch } from "./input-mismatch.ts";

const declared = {
  inputs: [
    { name: "x", dtype: "float32" as const, dims: [-1, 3] },
    { name: "mask", dtype: undefined, dims: undefined },
  ],
};
const tensor = (name: string, dims: number[], dtype: RunnableType = "float32"): NamedTensor => ({
  name,
  dtype,
  dims,
  bytes: bytesFrom(dtype, new Array(dims.reduce((a, b) => a * b, 1)).fill(0)),
});

test("inputs fit where the model leaves a size, or everything, open", () => {
  expect(inputMismatch([tensor("mask", [7]), tensor("x", [5, 3])], declared)).toBeUndefined();
});

test.each([
  [[tensor("x", [1, 3])], 'input "mask" is missing; the model\'s inputs are "x", "mask"'],
  [[tensor("x", [1, 3]), tensor("mask", []), tensor("z", [])], 'no input "z"'],
  [
    [tensor("x", [1, 3], "int32"), tensor("mask", [])],
    'input "x" is int32, and the model takes float32',
  ],
  [[tensor("x", [1, 4]), tensor("mask", [])], 'input "x" is [1, 4], and the model takes [any, 3]'],
  [[tensor("x", [3]), tensor("mask", [])], 'input "x" is [3]'],
])("what does not fit is named", (inputs, why) => {
  expect(inputMismatch(inputs, declared)).toContain(why);
});
