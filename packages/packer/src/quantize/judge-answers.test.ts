import { expect, test } from "vitest";
import type { Golden, GoldenSet } from "../golden/golden.ts";
import type { OwnTolerances } from "../golden/own-tolerances.ts";
import { bytesFrom, type NamedTensor, type RunnableType } from "../named-tensor.ts";
import { judgeAnswers } from "./judge-answers.ts";

function y(value: number, dtype: RunnableType = "float32"): NamedTensor {
  return { name: "y", dtype, dims: [1], bytes: bytesFrom(dtype, [value]) };
}

/** Judges what q8 on WASM answers to cases of which fp32's answers are known. */
function judge(
  pairs: readonly (readonly [fp32: NamedTensor, q8: NamedTensor, role?: Golden["role"]])[],
  own: OwnTolerances = {},
) {
  const cases = pairs.map(([output, , role]) => ({
    inputs: [],
    outputs: [output],
    ...(role === undefined ? {} : { role }),
  }));
  const tolerance = { wasm: { absolute: 0.01, relative: 0.001 } };
  const golden: GoldenSet = { cases, tolerance, spread: {}, own };
  const answers = pairs.map(([, answer]) => [answer]);
  return { cases, ...judgeAnswers(golden, answers, { dtype: "q8", backends: ["wasm"] }) };
}

test("errors are those of typical cases, of which some do not travel", () => {
  const { error, tolerance } = judge([
    [y(1), y(1.1)],
    [y(1), y(1.2), "probe"],
    [y(1), y(3), "edge"],
  ]);
  expect(error.maxDifference).toBe(0.2);
  expect(tolerance["wasm"]).toEqual({ absolute: 0.31, relative: 0.001 });
});

test("a variant is excused from an edge that its tolerance has no room for, and from no other", () => {
  const { cases, excused } = judge([
    [y(1), y(1.1)],
    [y(5), y(5.05), "edge"],
    [y(5), y(6), "edge"],
    [y(5), y(Number.NaN), "edge"],
  ]);
  expect(excused).toEqual(cases.slice(2));
});

test("an edge with larger answers has more room", () => {
  const { excused } = judge([
    [y(1), y(1.1)],
    [{ ...y(10), scale: 10 } as NamedTensor, y(10.9), "edge"],
  ]);
  expect(excused).toEqual([]);
});

test("whole numbers that differ are a failure in what travels, and only there", () => {
  const [three, four] = [y(3, "int64"), y(4, "int64")];
  expect(judge([[three, four]]).failure).toContain("4 instead of 3");
  expect(judge([[three, three]]).failure).toBeUndefined();
  for (const role of ["probe", "edge"] as const)
    expect(judge([[three, four, role]]).failure).toBeUndefined();
});

test("a tolerance that was given holds", () => {
  const own = { absolute: 0.5, relative: 0 };
  const { tolerance } = judge([[y(1), y(1.1)]], { "q8/wasm": own, "q4/wasm": own });
  expect(tolerance).toEqual({ wasm: own });
});
