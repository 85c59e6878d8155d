import {
  answerCount,
  type FeatureDrift,
  type ReferenceFeature,
  randomizeAnswer,
} from "@selvedge/protocol";
import { describe, expect, test } from "vitest";
import { seededRandom } from "../../fixtures/seeded-random.ts";
import { type Contribution, summarize } from "../../fixtures/simulate-fleet.ts";
import { compareBlocks } from "./compare-blocks.ts";
import type { Block } from "./tally.ts";
import { DAY_MS } from "./to-blocks.ts";

const EPSILON = 2;
/** The first two bins are rare: where answers are told as they are, they are joined with the third. */
const TRUTH = [0.01, 0.02, 0.17, 0.2, 0.2, 0.2, 0.15, 0.03];
const MISSING = 0.02;

const AGE: ReferenceFeature = {
  name: "age",
  side: "input",
  tensor: "x",
  measure: "value",
  edges: TRUTH.slice(1).map((_, i) => i + 1),
  counts: TRUTH.map((share) => share * 4000),
  missing: 4000 * MISSING,
};

const CITY: ReferenceFeature = {
  name: "city",
  side: "input",
  tensor: "x",
  measure: "value",
  categories: TRUTH.map((_, i) => `city ${i}`),
  counts: AGE.counts,
  missing: AGE.missing,
  unseen: 0,
};

/** What so many contributors told on a day, one value each: as it is, or randomised. */
function block(
  feature: ReferenceFeature,
  {
    day,
    count,
    epsilon,
    random,
  }: { day: number; count: number; epsilon?: number; random: () => number },
): Block {
  const answers = answerCount(feature);
  const told = Array.from({ length: count }, (): Contribution => {
    const own = drawn([...TRUTH, MISSING], random());
    const answer =
      epsilon === undefined
        ? own
        : randomizeAnswer(own, { k: answers, epsilon, random: [random(), random()] });
    const counts = TRUTH.map((_, bin) => Number(bin === answer));
    const past = answer - TRUTH.length;
    const irregular = past < 0 ? {} : past === 0 ? { missing: 1 } : { unseen: 1 };
    return { day, counts, irregular };
  });
  const bounds = TRUTH.slice(1).map((_, i) => i + 1);
  const [tally] = summarize(told, { bounds, epsilon });
  if (tally === undefined) throw new Error("nobody contributed");
  return { from: day * DAY_MS, to: (day + 1) * DAY_MS, tally };
}

function drawn(shares: readonly number[], chance: number): number {
  let left = chance * shares.reduce((sum, share) => sum + share, 0);
  const found = shares.findIndex((share) => {
    left -= share;
    return left < 0;
  });
  return found === -1 ? shares.length - 1 : found;
}

/** How far apart the two sides are told to be in the bin where that is most. */
const furthest = ({ bins }: FeatureDrift) =>
  Math.max(...bins.map(({ baseline, observed }) => Math.abs(baseline - observed)));

describe.each([
  ["numbers", AGE],
  ["categories", CITY],
])("%s, told as they are in one week and randomised in the other", (_kind, feature) => {
  const random = seededRandom(5);
  const told = block(feature, { day: 0, count: 1200, random });
  const randomised = block(feature, { day: 7, count: 60_000, epsilon: EPSILON, random });

  test("are the same where they are, though bins are joined", () => {
    const found = compareBlocks(feature, [randomised], { against: [told], features: 1 });
    expect(found.verdict).toBe("stable");
    expect(found.bins.length).toBeLessThan(TRUTH.length);
    expect(furthest(found)).toBeLessThan(0.03);
    expect(found.psi).toBeLessThan(0.02);
  });

  test("are so the other way round", () => {
    const found = compareBlocks(feature, [told], { against: [randomised], features: 1 });
    expect(furthest(found)).toBeLessThan(0.03);
    expect(found.psi).toBeLessThan(0.02);
  });
});

test("randomised answers have the shares of the truth in every bin that a reference has", () => {
  const random = seededRandom(6);
  const now = block(AGE, { day: 7, count: 60_000, epsilon: EPSILON, random });
  const reference = { samples: 4000, features: [AGE] };
  const found = compareBlocks(AGE, [now], { against: reference, features: 1 });
  const sum = TRUTH.reduce((all, share) => all + share, 0);
  for (const [bin, { observed }] of found.bins.entries())
    expect(Math.abs(observed - (TRUTH[bin] ?? 0) / sum)).toBeLessThan(0.015);
  expect(found.missing).toBeCloseTo(MISSING, 1);
});
