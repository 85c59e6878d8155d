import { expect, test } from "vitest";
import { keepWorst } from "./keep-worst.ts";

const weights = ["a", "b", "c", "d", "e"];
const noise: Readonly<Record<string, number>> = { a: 0.1, b: 0.5, c: 0.01, d: 0.3, e: 0.02 };

/** Quantized weights add their noise; what is kept adds a little all the same. */
async function attempt(kept: readonly string[]) {
  const loud = weights.filter((name) => !kept.includes(name)).map((name) => noise[name] ?? 0);
  return { error: Math.hypot(0.001, ...loud) };
}

test.each([
  [0.4, ["b"]],
  [0.2, ["b", "d"]],
  [0.05, ["a", "b", "d"]],
  [0.015, ["a", "b", "d", "e"]],
  [0.002, weights],
])("for %d as few of the worst are kept as it takes, in graph order", async (maxError, kept) => {
  const found = await keepWorst({ weights, maxError, attempt });
  expect(found?.kept).toEqual(kept);
  expect(found?.outcome.error).toBeLessThanOrEqual(maxError);
});

test("where keeping all of them does not do, there is no outcome, and only one run", async () => {
  let runs = 0;
  const counted = async (kept: readonly string[]) => {
    runs++;
    return attempt(kept);
  };
  expect(await keepWorst({ weights, maxError: 1e-4, attempt: counted })).toBeUndefined();
  expect(runs).toBe(1);
});
