import { expect, test } from "vitest";
import { bytesFrom, type NamedTensor } from "../named-tensor.ts";
import { measureError } from "./measure-error.ts";

function tensor(name: string, ...values: number[]): NamedTensor {
  return { name, dtype: "float32", dims: [values.length], bytes: bytesFrom("float32", values) };
}

test("noise of a tenth of the signal is 20 dB", () => {
  const error = measureError([[tensor("y", 1, -1)]], [[tensor("y", 1.1, -0.9)]]);
  expect(error).toEqual({ snrDb: 20, maxDifference: 0.1 });
});

test("no noise at all is 150 dB, zeros included", () => {
  const same = [[tensor("y", 0, 0), tensor("z", 3)]];
  expect(measureError(same, same)).toEqual({ snrDb: 150, maxDifference: 0 });
});

test("the worst output counts, however loud the others are", () => {
  const golden = [[tensor("loud", 1000), tensor("quiet", 0.1)]];
  const answers = [[tensor("loud", 1000), tensor("quiet", 0.2)]];
  expect(measureError(golden, answers)).toEqual({ snrDb: 0, maxDifference: 0.1 });
});

test("cases add up", () => {
  const error = measureError(
    [[tensor("y", 1)], [tensor("y", 1)]],
    [[tensor("y", 1)], [tensor("y", 0.8)]],
  );
  expect(error).toEqual({ snrDb: 16.99, maxDifference: 0.2 });
});

test.each([
  ["NaN", [[tensor("y", Number.NaN)]]],
  ["an answer of another shape", [[tensor("y", 1, 1)]]],
  ["a missing answer", [[]]],
])("%s is as far off as can be", (_, answers) => {
  expect(measureError([[tensor("y", 1)]], answers)).toEqual({
    snrDb: Number.NEGATIVE_INFINITY,
    maxDifference: Number.POSITIVE_INFINITY,
  });
});
