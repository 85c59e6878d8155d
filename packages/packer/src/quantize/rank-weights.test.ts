import { expect, test } from "vitest";
import { rankWeights } from "./rank-weights.ts";

/** Errors that add up, as noise of independent weights does. */
function costs(names: readonly string[], loud: Readonly<Record<string, number>>) {
  const runs: string[][] = [];
  const errorOf = async (group: readonly string[]) => {
    runs.push([...group]);
    return Math.hypot(...group.map((name) => loud[name] ?? 0.001));
  };
  return { names, runs, errorOf };
}

const many = Array.from({ length: 300 }, (_, index) => `w${index}`);

test("few weights are measured one by one, the worst first and equals in graph order", async () => {
  const { names, runs, errorOf } = costs(["a", "b", "c", "d"], { c: 3, b: 1 });
  const ranked = await rankWeights(names, { probes: 8, errorOf });
  expect(ranked.flatMap((group) => group.names)).toEqual(["c", "b", "a", "d"]);
  expect(runs).toHaveLength(4);
});

test("of many the worst are found in no more runs than there are", async () => {
  const { runs, errorOf } = costs(many, { w17: 5, w230: 3 });
  const ranked = await rankWeights(many, { probes: 64, errorOf });
  expect(runs.length).toBeLessThanOrEqual(64);
  expect(ranked.slice(0, 2).map((group) => group.names)).toEqual([["w17"], ["w230"]]);
  expect(ranked.flatMap((group) => group.names).sort()).toEqual([...many].sort());
});

test("nothing to rank takes no run", async () => {
  const { runs, errorOf } = costs([], {});
  expect(await rankWeights([], { probes: 8, errorOf })).toEqual([]);
  expect(runs).toEqual([]);
});
