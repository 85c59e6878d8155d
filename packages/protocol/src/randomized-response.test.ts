import fc from "fast-check";
import { expect, test } from "vitest";
import { debias, randomizeAnswer, randomizedShares, responseOdds } from "./randomized-response.ts";

const answers = fc.integer({ min: 2, max: 40 });
const epsilons = fc.double({ min: 0.1, max: 8, noNaN: true });
const shareList = fc
  .array(fc.integer({ min: 0, max: 100 }), { minLength: 2, maxLength: 12 })
  .map(([first = 0, ...others]) => [first + 1, ...others])
  .map((counts) => {
    const total = counts.reduce((sum, count) => sum + count);
    return counts.map((count) => count / total);
  });

test("the odds of all answers add up to 1, and the own one is e^ε times as likely as another", () => {
  fc.assert(
    fc.property(answers, epsilons, (k, epsilon) => {
      const { truth, lie } = responseOdds(k, epsilon);
      expect(truth + (k - 1) * lie).toBeCloseTo(1, 12);
      expect(truth / lie).toBeCloseTo(Math.exp(epsilon), 6);
    }),
  );
});

test("each answer is told exactly as often as its odds say", () => {
  const [k, epsilon, steps] = [5, 2, 400];
  const told = new Array<number>(k).fill(0);
  // Both draws run over a grid in place of chance.
  for (let i = 0; i < steps; i++)
    for (let j = 0; j < steps; j++) {
      const random = [(i + 0.5) / steps, (j + 0.5) / steps] as const;
      const answer = randomizeAnswer(3, { k, epsilon, random });
      told[answer] = (told[answer] ?? 0) + 1 / steps ** 2;
    }
  const { truth, lie } = responseOdds(k, epsilon);
  expect(told[3]).toBeCloseTo(truth, 2);
  for (const other of [0, 1, 2, 4]) expect(told[other]).toBeCloseTo(lie, 2);
});

test("what is told is an answer there is", () => {
  const draw = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
  fc.assert(
    fc.property(answers, fc.nat(), epsilons, draw, draw, (k, seed, epsilon, a, b) => {
      const told = randomizeAnswer(seed % k, { k, epsilon, random: [a, b] });
      expect(Number.isInteger(told) && told >= 0 && told < k).toBe(true);
    }),
  );
  expect(randomizeAnswer(0, { k: 1, epsilon: 1, random: [0.99, 0.99] })).toBe(0);
});

test("shares that were randomised are found again, and add up to 1", () => {
  fc.assert(
    fc.property(shareList, epsilons, (shares, epsilon) => {
      const found = debias(
        randomizedShares(shares, epsilon).map((share) => 5000 * share),
        epsilon,
      );
      for (const [bin, share] of found.entries()) expect(share).toBeCloseTo(shares[bin] ?? -1, 8);
      expect(found.reduce((sum, share) => sum + share)).toBeCloseTo(1, 8);
    }),
  );
});

test("without any privacy answers are the truth, and of none nothing is known", () => {
  expect(responseOdds(4, 1000)).toEqual({ truth: 1, lie: 0 });
  expect(debias([1, 3], 1000)).toEqual([0.25, 0.75]);
  expect(debias([0, 0], 2)).toEqual([0, 0]);
  expect(debias([1, 3], 0)).toEqual([0.5, 0.5]);
});
