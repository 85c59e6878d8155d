import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { valued } from "./observation.fixture.ts";
import {
  coefficientOfDetermination,
  cosineSimilarity,
  meanAbsoluteError,
  meanSquaredError,
  rootMeanSquaredError,
} from "./value-metrics.ts";

const cases = [valued([1, 2], [1, 4]), valued([5, 1], [4, 1])];

test("errors are means over all elements of all cases", () => {
  expect(meanSquaredError(cases)).toBe(5 / 4);
  expect(meanAbsoluteError(cases)).toBe(3 / 4);
  expect(rootMeanSquaredError(cases)).toBe(Math.sqrt(5 / 4));
});

describe("R²", () => {
  test("is what is left of the spread around the mean", () => {
    // expected 1, 4, 4, 1: mean 2.5, spread 9
    expect(coefficientOfDetermination(cases)).toBeCloseTo(1 - 5 / 9, 12);
  });

  test("does not depend on how elements are cut into cases", () => {
    const element = fc.double({ min: -100, max: 100, noNaN: true });
    const pairs = fc.array(fc.tuple(element, element), { minLength: 2, maxLength: 20 });
    fc.assert(
      fc.property(pairs, fc.nat(), fc.constantFrom(0, 1e6), (list, cut, offset) => {
        const at = cut % list.length;
        const observe = (part: typeof list) =>
          valued(
            part.map(([is]) => is + offset),
            part.map(([, should]) => should + offset),
          );
        const spread = Math.max(...list.map(([, y]) => y)) - Math.min(...list.map(([, y]) => y));
        fc.pre(spread > 1);
        const whole = coefficientOfDetermination([observe(list)]);
        const parts = coefficientOfDetermination([
          observe(list.slice(0, at)),
          observe(list.slice(at)),
        ]);
        expect(Math.abs(parts - whole)).toBeLessThanOrEqual(1e-6 * Math.max(1, Math.abs(whole)));
      }),
    );
  });

  test("has no value where all that was expected is equal", () => {
    expect(coefficientOfDetermination([valued([1, 2], [3, 3])])).toBeNaN();
  });
});

describe("cosine similarity", () => {
  test("is the mean of the cases' cosines, whatever their lengths", () => {
    const same = valued([2, 0], [5, 0]);
    const across = valued([0, 1], [1, 0]);
    expect(cosineSimilarity([same, across])).toBeCloseTo(0.5, 12);
  });

  test("is 0 for answers that are all zero", () => {
    expect(cosineSimilarity([valued([0, 0], [1, 2])])).toBe(0);
  });
});
