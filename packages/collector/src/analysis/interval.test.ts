import fc from "fast-check";
import { expect, test } from "vitest";
import { differenceInterval, wilsonInterval } from "./interval.ts";

test.each([
  // Newcombe 1998, "Two-sided confidence intervals for the single proportion", table I, method 3.
  { hits: 81, count: 263, low: 0.2553, high: 0.3662 },
  { hits: 15, count: 148, low: 0.0624, high: 0.1605 },
  { hits: 0, count: 20, low: 0, high: 0.1611 },
  { hits: 1, count: 29, low: 0.0061, high: 0.1718 },
])("Wilson's interval of $hits in $count is the published one", ({ hits, count, low, high }) => {
  const interval = wilsonInterval(hits, count);
  expect(interval.low).toBeCloseTo(low, 4);
  expect(interval.high).toBeCloseTo(high, 4);
});

test.each([
  // Newcombe 1998, "Interval estimation for the difference", table II, method 10.
  { one: [56, 70], other: [48, 80], low: 0.0524, high: 0.3339 },
  { one: [9, 10], other: [3, 10], low: 0.1705, high: 0.809 },
  { one: [6, 7], other: [2, 7], low: 0.0582, high: 0.8062 },
  { one: [5, 56], other: [0, 29], low: -0.0381, high: 0.1926 },
  { one: [10, 10], other: [0, 20], low: 0.6791, high: 1 },
])("Newcombe's interval of $one less $other is the published one", ({ one, other, low, high }) => {
  const [x = 0, m = 1] = one;
  const [y = 0, n = 1] = other;
  const difference = differenceInterval(wilsonInterval(y, n), wilsonInterval(x, m));
  expect(difference.low).toBeCloseTo(low, 4);
  expect(difference.high).toBeCloseTo(high, 4);
});

test("an interval holds what it is of, and lies from 0 to 1", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 1e9 }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      (count, share) => {
        const { value, low, high } = wilsonInterval(Math.round(share * count), count);
        expect(low).toBeGreaterThanOrEqual(0);
        expect(low).toBeLessThanOrEqual(value);
        expect(high).toBeGreaterThanOrEqual(value);
        expect(high).toBeLessThanOrEqual(1);
      },
    ),
  );
});
