import { emptyHistogram, recordValue } from "@selvedge/protocol";
import { expect, test } from "vitest";
import { seededRandom } from "../fixtures/seeded-random.ts";
import { quantileInterval } from "./quantile-interval.ts";

const histogramOf = (values: readonly number[]) => values.reduce(recordValue, emptyHistogram());

test("holds the true quantile about nineteen times in twenty, or more often", () => {
  const random = seededRandom(1);
  let held = { p50: 0, p95: 0 };
  const rounds = 400;
  for (let round = 0; round < rounds; round++) {
    // Exponential with mean 1: its quantile q is −ln(1 − q).
    const histogram = histogramOf(Array.from({ length: 200 }, () => -Math.log(1 - random())));
    const holds = (q: number) => {
      const interval = quantileInterval(histogram, q);
      const truth = -Math.log(1 - q);
      return interval !== undefined && interval.low <= truth && truth <= interval.high ? 1 : 0;
    };
    held = { p50: held.p50 + holds(0.5), p95: held.p95 + holds(0.95) };
  }
  expect(held.p50 / rounds).toBeGreaterThanOrEqual(0.94);
  expect(held.p95 / rounds).toBeGreaterThanOrEqual(0.94);
});

test("is not known from a handful", () => {
  expect(quantileInterval(histogramOf([1, 2, 3]), 0.5)).toBeUndefined();
  expect(
    quantileInterval(histogramOf(Array.from({ length: 50 }, (_, i) => i)), 0.95),
  ).toBeUndefined();
  expect(quantileInterval(emptyHistogram(), 0.5)).toBeUndefined();
});

test("reaches over negative values, zero and positive ones", () => {
  const values = Array.from({ length: 401 }, (_, i) => i - 200);
  const interval = quantileInterval(histogramOf(values), 0.5);
  expect(interval?.value).toBe(0);
  expect(interval?.low).toBeLessThan(-15);
  expect(interval?.low).toBeGreaterThan(-30);
  expect(interval?.high).toBeGreaterThan(15);
  expect(interval?.high).toBeLessThan(30);
});
