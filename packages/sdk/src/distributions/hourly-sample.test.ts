import fc from "fast-check";
import { expect, test } from "vitest";
import { HOUR_MS, HourlySample, MOST_AN_HOUR } from "./hourly-sample.ts";

/** Which of so many predictions in one hour are taken, counted from 1. */
function takenOf(count: number, sample: HourlySample, hour = 0): number[] {
  return Array.from({ length: count }, (_, i) => i + 1).filter((i) =>
    sample.takes(hour * HOUR_MS + i),
  );
}

test("the first prediction of an hour is taken, and then one of each doubling", () => {
  const chance = fc.array(fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), {
    minLength: 8,
    maxLength: 8,
  });
  fc.assert(
    fc.property(chance, (draws) => {
      const sample = new HourlySample(() => draws.pop() ?? 0);
      const [first, ...others] = takenOf(100, sample);
      expect(first).toBe(1);
      expect(others.map((place) => Math.floor(Math.log2(place)))).toEqual([1, 2, 3]);
    }),
  );
});

test("an hour takes no more than its share, however many predictions it has", () => {
  expect(takenOf(10_000, new HourlySample())).toHaveLength(MOST_AN_HOUR);
});

test("an eager hour takes nothing from the next", () => {
  const sample = new HourlySample();
  takenOf(10_000, sample, 8);
  expect(takenOf(1, sample, 9)).toEqual([1]);
  expect(takenOf(10_000, sample, 20)).toHaveLength(MOST_AN_HOUR);
});

test("a whole day is at most so many predictions, from all of its hours", () => {
  const sample = new HourlySample();
  const hours = Array.from({ length: 24 }, (_, hour) => takenOf(500, sample, hour).length);
  expect(hours).toEqual(new Array(24).fill(MOST_AN_HOUR));
});
