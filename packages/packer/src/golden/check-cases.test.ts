import { expect, test } from "vitest";
import { bytesFrom, type NamedTensor, type RunnableType } from "../named-tensor.ts";
import type { DeclaredSignature } from "../onnx/signature.ts";
import { checkCases } from "./check-cases.ts";

const declared: DeclaredSignature = {
  inputs: [
    { name: "x", dtype: "float32", dims: [-1, 3] },
    { name: "any", dtype: undefined, dims: undefined },
  ],
  outputs: [{ name: "y", dtype: "float32", dims: [-1] }],
};

function zeros(name: string, dtype: RunnableType, ...dims: number[]): NamedTensor {
  const count = dims.reduce((product, dim) => product * dim, 1);
  return { name, dtype, dims, bytes: bytesFrom(dtype, new Array(count).fill(0)) };
}

const x = zeros("x", "float32", 7, 3);
const any = zeros("any", "int8");
const check = (inputs: NamedTensor[], outputs?: NamedTensor[]) => () =>
  checkCases(
    [{ inputs: [x, any] }, { name: "second", inputs, ...(outputs && { outputs }) }],
    declared,
    "Golden file cases.json",
  );

test("cases of the model's types, ranks and sizes pass, in any order", () => {
  expect(check([any, x], [zeros("y", "float32", 7)])).not.toThrow();
});

test.each([
  ["a missing input", [x], [], 'input "any" is missing; its inputs are "x" (float32[any, 3])'],
  ["an unknown input", [x, any, { ...x, name: "z" }], [], 'the model has no input "z"'],
  ["another type", [zeros("x", "float64", 7, 3), any], [], 'input "x" is float64'],
  ["another rank", [zeros("x", "float32", 3), any], [], "is [3], and the model's is [any, 3]"],
  ["another size", [zeros("x", "float32", 7, 4), any], [], "is [7, 4], and"],
  ["an unknown output", [x, any], [zeros("z", "float32", 7)], 'the model has no output "z"'],
  ["an output of another type", [x, any], [zeros("y", "int64", 7)], 'output "y" is int64'],
])("%s is refused by name", (_, inputs, outputs, what) => {
  expect(check(inputs, outputs)).toThrow(
    expect.objectContaining({
      code: "options-invalid",
      message: expect.stringContaining(what),
    }),
  );
  expect(check(inputs, outputs)).toThrow('Golden file cases.json: case 1 ("second"): ');
});
