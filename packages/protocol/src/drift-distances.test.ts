import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { jensenShannon, kolmogorovSmirnov, psi, sharesOf } from "./drift-distances.ts";

const count = fc.integer({ min: 0, max: 10_000 });

/** Two lists of counts over the same bins, with something in each list. */
const pair = fc
  .integer({ min: 1, max: 12 })
  .chain((bins) =>
    fc.tuple(...[0, 1].map(() => fc.array(count, { minLength: bins, maxLength: bins }))),
  )
  .map(([a = [], b = []]) => [a.with(0, (a[0] ?? 0) + 1), b.with(0, (b[0] ?? 0) + 1)] as const);

const DISTANCES = { psi, jensenShannon, kolmogorovSmirnov };

describe.each(Object.entries(DISTANCES))("%s", (_name, distance) => {
  test("is nothing between shares that are the same, and never negative", () => {
    fc.assert(
      fc.property(pair, ([a, b]) => {
        expect(distance(a, a)).toBeCloseTo(0, 12);
        expect(distance(a, b)).toBeGreaterThanOrEqual(0);
      }),
    );
  });

  test("is the same in both directions", () => {
    fc.assert(
      fc.property(pair, ([a, b]) => {
        expect(distance(a, b)).toBeCloseTo(distance(b, a), 10);
      }),
    );
  });

  test("grows as counts move from where the baseline has them to where it has none", () => {
    const moved = (share: number) => [1000 * (1 - share), 1000 * share];
    const steps = [0, 0.1, 0.3, 0.6, 1].map((share) => distance([1000, 0], moved(share)));
    expect(steps).toEqual(steps.toSorted((a, b) => a - b));
    expect(new Set(steps).size).toBe(5);
  });

  test("is finite, whatever is empty", () => {
    fc.assert(
      fc.property(pair, ([a, b]) => {
        const nothing = a.map(() => 0);
        for (const value of [distance(a, b), distance(a, nothing), distance(nothing, nothing)])
          expect(value).toSatisfy(Number.isFinite);
      }),
    );
  });
});

test("psi and the Jensen–Shannon distance do not care in what order bins come", () => {
  fc.assert(
    fc.property(pair, ([a, b]) => {
      expect(psi(a.toReversed(), b.toReversed())).toBeCloseTo(psi(a, b), 10);
      expect(jensenShannon(a.toReversed(), b.toReversed())).toBeCloseTo(jensenShannon(a, b), 10);
    }),
  );
});

test("bins that are empty on both sides change nothing", () => {
  fc.assert(
    fc.property(pair, ([a, b]) => {
      for (const distance of Object.values(DISTANCES))
        expect(distance([...a, 0], [...b, 0])).toBeCloseTo(distance(a, b), 12);
    }),
  );
});

test("psi comes to what its formula says where no bin is empty and counts are many", () => {
  const expected = 0.1 * Math.log(0.6 / 0.5) - 0.1 * Math.log(0.4 / 0.5);
  expect(psi([5e9, 5e9], [6e9, 4e9])).toBeCloseTo(expected, 8);
});

test("what smoothing adds to an empty bin weighs less the more was counted", () => {
  const drifts = [10, 1000, 100_000].map((n) => psi([n / 2, n / 2, 0], [n / 2, n / 2, 1]));
  expect(drifts).toEqual(drifts.toSorted((a, b) => b - a));
});

test("kolmogorovSmirnov finds the place where cumulated shares are furthest apart", () => {
  expect(kolmogorovSmirnov([25, 25, 25, 25], [0, 0, 50, 50])).toBeCloseTo(0.5, 12);
  expect(kolmogorovSmirnov([1, 0, 0, 0], [0, 1, 0, 0])).toBe(1);
});

test("the Jensen–Shannon distance of an even split against one of its halves is that of the books", () => {
  // Divergence of (1, 0) from (½, ½): ¾·log2(4/3) + ½·… = 0.311 bits.
  expect(jensenShannon([1, 0], [1, 1]) ** 2).toBeCloseTo(0.3112781244591328, 12);
});

test("shares of nothing are nothing", () => {
  expect(sharesOf([0, 0])).toEqual([0, 0]);
  expect(sharesOf([1, 3])).toEqual([0.25, 0.75]);
});

const { psi: _, ...bounded } = DISTANCES;

describe.each(Object.entries(bounded))("%s", (_name, distance) => {
  test("is at most 1, and 1 where nothing is shared", () => {
    fc.assert(
      fc.property(pair, ([a, b]) => {
        expect(distance(a, b)).toBeLessThanOrEqual(1);
      }),
    );
    expect(distance([7, 0], [0, 3])).toBeCloseTo(1, 12);
  });
});
