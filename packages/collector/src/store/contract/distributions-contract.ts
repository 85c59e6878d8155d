import fc from "fast-check";
import { expect, test } from "vitest";
import type { DistributionSummary } from "../store.ts";
import { NOON } from "./sample-batch.ts";
import { distribution, featuresBatch, irregular } from "./sample-records.ts";
import type { StoreUnderTest } from "./store-contract.ts";

const HOUR = { from: NOON, to: NOON + 3_600_000 };
const NONE = { missing: 0, "out-of-range": 0, unseen: 0 };

/** What a store answers of the values of features. */
export function distributionsContract({ open }: StoreUnderTest): void {
  const summaries = async (
    points: Parameters<typeof featuresBatch>[1],
  ): Promise<readonly DistributionSummary[]> => {
    const store = await open();
    await store.ingestMetrics([featuresBatch("a", points)]);
    return store.distributions(HOUR);
  };

  test("lets each contributor weigh the same, however much it sent", async () => {
    const [summary] = await summaries([
      distribution("a", [1, 3]),
      distribution("b", [4_000_000, 0]),
    ]);
    expect(summary).toMatchObject({
      ...{ model: "rec", version: "1.0.0", feature: "age", bounds: [0] },
      ...{ contributors: 2, shares: [1.25, 0.75], holders: [2, 1], irregular: NONE },
    });
  });

  test("adds up what one contributor sent before it takes shares", async () => {
    const [summary] = await summaries([
      distribution("a", [1, 0, 0]),
      distribution("a", [2, 0, 1], { timeMs: NOON + 60_000 }),
    ]);
    expect(summary).toMatchObject({ contributors: 1, shares: [0.75, 0, 0.25], holders: [1, 0, 1] });
  });

  test("takes missing and unseen values into a contributor's sum, but not what lies at an edge already", async () => {
    const [summary] = await summaries([
      distribution("a", [3, 3]),
      irregular("a", "missing", 1),
      irregular("a", "unseen", 1),
      irregular("a", "out-of-range", 2),
    ]);
    expect(summary?.shares).toEqual([3 / 8, 3 / 8]);
    expect(summary?.irregular).toEqual({ missing: 1 / 8, unseen: 1 / 8, "out-of-range": 2 / 8 });
    expect(summary?.irregularHolders).toEqual({ missing: 1, unseen: 1, "out-of-range": 1 });
  });

  test("counts a contributor all of whose values were missing", async () => {
    const found = await summaries([
      distribution("a", [1, 1]),
      irregular("b", "missing", 9),
      irregular("b", "missing", 9, { feature: "height" }),
    ]);
    expect(found).toMatchObject([
      {
        ...{ feature: "age", contributors: 2, shares: [0.5, 0.5], holders: [1, 1] },
        irregular: { ...NONE, missing: 1 },
      },
      { feature: "height", bounds: [], contributors: 1, shares: [], irregular: { missing: 1 } },
    ]);
  });

  test("leaves out devices whose bins are not those that most have", async () => {
    const [summary, ...others] = await summaries([
      distribution("a", [1, 1], { bounds: [10] }),
      distribution("b", [1, 0], { bounds: [10] }),
      distribution("c", [900, 900], { bounds: [11] }),
      distribution("c", [900, 900], { bounds: [12] }),
      irregular("c", "missing", 5),
      distribution("d", [1, 2, 3], { bounds: [10] }),
    ]);
    expect(others).toEqual([]);
    expect(summary).toMatchObject({
      ...{ bounds: [10], contributors: 2, shares: [1.5, 0.5], holders: [2, 1], irregular: NONE },
    });
  });

  test("keeps versions, features and degrees of randomness apart", async () => {
    const found = await summaries([
      distribution("a", [1, 1]),
      distribution("a", [1, 1], { feature: "height" }),
      distribution("a", [1, 1], { version: "2.0.0" }),
      distribution("a", [1, 1], { version: "2.0.0", epsilon: 2 }),
    ]);
    expect(found.map(({ version, feature, epsilon }) => [version, feature, epsilon])).toEqual([
      ["1.0.0", "age", undefined],
      ["1.0.0", "height", undefined],
      ["2.0.0", "age", undefined],
      ["2.0.0", "age", 2],
    ]);
  });

  test("has shares that add up to the contributors, whatever they sent", async () => {
    const store = await open();
    let run = 0;
    const count = fc.integer({ min: 0, max: 1e9 });
    await fc.assert(
      fc.asyncProperty(
        fc.array(
          fc.record({
            who: fc.integer({ min: 0, max: 4 }),
            counts: fc.tuple(count, count, count),
            missing: count,
          }),
          { minLength: 1, maxLength: 12 },
        ),
        async (sent) => {
          const feature = `f${run++}`;
          const points = sent.flatMap(({ who, counts, missing }) => [
            distribution(`c${who}`, counts, { feature }),
            irregular(`c${who}`, "missing", missing, { feature }),
          ]);
          await store.ingestMetrics([featuresBatch(feature, points)]);
          const summary = (await store.distributions(HOUR)).find((one) => one.feature === feature);
          const heard = new Set(
            sent
              .filter(({ counts, missing }) => missing + counts[0] + counts[1] + counts[2] > 0)
              .map(({ who }) => who),
          );
          expect(summary?.contributors ?? 0).toBe(heard.size);
          const shares = [...(summary?.shares ?? []), summary?.irregular.missing ?? 0];
          expect(shares.reduce((sum, share) => sum + share, 0)).toBeCloseTo(heard.size, 9);
        },
      ),
      { numRuns: 20 },
    );
  });
}
