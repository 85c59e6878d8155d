import fc from "fast-check";
import { expect, test } from "vitest";
import { summarize } from "../../fixtures/simulate-fleet.ts";
import { groupBins, joinGroups, MIN_HOLDERS } from "./group-bins.ts";

const cells = (...holders: number[]) => ({ shares: holders, holders });

test("bins with enough contributors stay as they are", () => {
  expect(groupBins(cells(60, 50, 90), true)).toEqual([[0], [1], [2]]);
  expect(groupBins(cells(60, 50, 90), false)).toEqual([[0], [1], [2]]);
});

test("bins of numbers that have too few are joined with their neighbours", () => {
  expect(groupBins(cells(10, 45, 60, 49, 0, 70, 8), true)).toEqual([[0, 1], [2], [3, 4, 5, 6]]);
});

test("a single category with too few takes the next rarest with it, so that it does not follow", () => {
  expect(groupBins(cells(300, 12, 80, 110), false)).toEqual([[0], [1, 2], [3]]);
  expect(groupBins(cells(300, 30, 30, 110), false)).toEqual([[0], [1, 2], [3]]);
});

test("there is nothing to show of fewer than fifty", () => {
  expect(groupBins(cells(20, 29, 0), true)).toEqual([]);
});

test("partitions are joined into the finest that both can be brought to", () => {
  expect(joinGroups([[0], [1, 2], [3], [4]], [[0], [1], [2, 3], [4]])).toEqual([
    [0],
    [1, 2, 3],
    [4],
  ]);
});

test("every group has fifty contributors in truth, whatever they sent, and every bin is in one", () => {
  const counts = fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 6, maxLength: 6 });
  fc.assert(
    fc.property(
      fc.array(counts, { minLength: 50, maxLength: 260 }),
      fc.boolean(),
      (fleet, isOrdered) => {
        const contributions = fleet
          .filter((one) => one.some((count) => count > 0))
          .map((one) => ({ day: 0, counts: one }));
        const [summary] = summarize(contributions, { bounds: [1, 2, 3, 4, 5] });
        if (summary === undefined) return;
        const groups = groupBins(summary, isOrdered);
        for (const group of groups) {
          const holders = contributions.filter((one) =>
            group.some((bin) => (one.counts[bin] ?? 0) > 0),
          );
          expect(holders.length).toBeGreaterThanOrEqual(MIN_HOLDERS);
        }
        const bins = groups.flat().toSorted((a, b) => a - b);
        expect(bins).toEqual(groups.length === 0 ? [] : [0, 1, 2, 3, 4, 5]);
      },
    ),
    { numRuns: 60 },
  );
});
