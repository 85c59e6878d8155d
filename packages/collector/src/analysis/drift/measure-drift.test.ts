import type { Reference, ReferenceFeature } from "@selvedge/protocol";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { seededRandom } from "../../fixtures/seeded-random.ts";
import { type Contribution, summarize } from "../../fixtures/simulate-fleet.ts";
import { type DriftQuestion, type MeasuredDrift, measureDrift } from "./measure-drift.ts";
import { createDayReader } from "./read-days.ts";
import { DAY_MS, PERIOD_MS } from "./to-blocks.ts";

const EDGES = [1, 2, 3, 4, 5, 6, 7, 8, 9];
const AGE: ReferenceFeature = {
  name: "age",
  side: "input",
  tensor: "x",
  measure: "value",
  edges: EDGES,
  counts: new Array<number>(10).fill(400),
  missing: 0,
};
const REFERENCE: Reference = { samples: 4000, features: [AGE] };

/** A period's first day: what is asked about lies in it. */
const START = 200 * PERIOD_MS;
const day = (number: number) => START + number * DAY_MS;

/** Answers a question about a fleet of whom this is what they sent, some days after all of it. */
async function ask(
  fleet: readonly Contribution[],
  question: Partial<DriftQuestion> = {},
  {
    reference = REFERENCE,
    epsilon,
    nowMs = day(60),
    keptMs,
  }: {
    reference?: Reference;
    epsilon?: number;
    nowMs?: number;
    keptMs?: number;
  } = {},
): Promise<MeasuredDrift> {
  const bounds = reference.features[0]?.edges ?? [0.5, 1.5];
  const days = new Map<number, Contribution[]>();
  for (const one of fleet) {
    const others = days.get(one.day);
    if (others === undefined) days.set(one.day, [one]);
    else others.push(one);
  }
  const distributions = async ({ from, to }: { from: number; to: number }) => {
    const sent = [...days].filter(([at]) => at >= from && at < to).flatMap(([, some]) => some);
    return summarize(sent, { bounds, epsilon });
  };
  const readDay = createDayReader({ distributions }, () => nowMs);
  return measureDrift(
    {
      model: "rec",
      version: "1.0.0",
      baseline: "reference",
      from: day(0),
      to: day(1),
      ...question,
    },
    { reference, readDay, nowMs, keptMs },
  );
}

/** So many contributors who each tell one value, of bins that come with these shares. */
function contributors(
  count: number,
  {
    at = 0,
    shares = EVEN,
    random,
  }: { at?: number; shares?: readonly number[]; random: () => number },
): Contribution[] {
  return Array.from({ length: count }, () => {
    let left = random();
    const drawn = shares.findIndex((share) => {
      left -= share;
      return left < 0;
    });
    const bin = drawn === -1 ? shares.length - 1 : drawn;
    return { day: day(at), counts: shares.map((_, i) => Number(i === bin)) };
  });
}

const EVEN = new Array<number>(10).fill(0.1);
/** PSI of 0.2 from `EVEN`. */
const SHIFTED = [0.035, 0.035, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.155, 0.175];

test("a shift is flagged with how far it is, and none is where there is none", async () => {
  const random = seededRandom(1);
  const [shifted] = (await ask(contributors(5000, { shares: SHIFTED, random }))).features;
  expect(shifted).toMatchObject({ feature: "age", verdict: "drifting", contributors: 5000 });
  expect(shifted?.psi).toBeGreaterThan(0.17);
  expect(shifted?.psi).toBeLessThan(0.25);
  expect(shifted?.kolmogorovSmirnov).toBeCloseTo(0.13, 1);
  expect(shifted?.bins[0]).toMatchObject({ label: "(−∞, 1]", baseline: 0.1 });
  expect(shifted?.bins[9]?.label).toBe("(9, ∞)");
  const [same] = (await ask(contributors(5000, { random }))).features;
  expect(same).toMatchObject({ verdict: "stable" });
});

test("of 500 contributors with one value each, a shift is told from chance", async () => {
  const random = seededRandom(2);
  const rounds = 200;
  const found = { shifted: 0, same: 0 };
  for (let round = 0; round < rounds; round++) {
    const verdict = async (shares: readonly number[]) =>
      (await ask(contributors(500, { shares, random }))).features[0]?.verdict;
    if ((await verdict(SHIFTED)) === "drifting") found.shifted += 1;
    if ((await verdict(EVEN)) === "drifting") found.same += 1;
  }
  expect(found.shifted / rounds).toBeGreaterThanOrEqual(0.95);
  expect(found.same / rounds).toBeLessThanOrEqual(0.01);
});

test("of fewer than 500 contributors nothing is said but how many they are", async () => {
  const answer = await ask(contributors(499, { random: seededRandom(3) }));
  expect(answer.features).toEqual([
    {
      ...{ feature: "age", side: "input", measure: "value", verdict: "too-few", contributors: 499 },
      ...{ psi: null, jensenShannon: null, kolmogorovSmirnov: null },
      ...{ missing: null, outOfRange: null, unseen: null, bins: [] },
    },
  ]);
});

test("days with few contributors are put together until there are enough", async () => {
  const random = seededRandom(4);
  const fleet = [0, 1, 2, 3].flatMap((at) => contributors(300, { at, random }));
  const answer = await ask(fleet, { from: day(1) + 5, to: day(1) + 6 });
  expect(answer).toMatchObject({ from: day(0), to: day(2) });
  expect(answer.features[0]?.contributors).toBe(600);
});

test("a day that is not over, or has only just ended, does not count", async () => {
  const fleet = contributors(600, { at: 9, random: seededRandom(5) });
  const at = async (nowMs: number) =>
    (await ask(fleet, { from: day(9), to: day(11) }, { nowMs })).features[0]?.contributors;
  expect(await at(day(9) + DAY_MS / 2)).toBe(0);
  expect(await at(day(10) + 3_600_000)).toBe(0);
  expect(await at(day(10) + 3 * 3_600_000)).toBe(600);
});

test("a question about the last hour is answered with the latest block there is", async () => {
  const fleet = contributors(600, { at: 8, random: seededRandom(5) });
  const nowMs = day(10) + DAY_MS / 2;
  const answer = await ask(fleet, { from: nowMs - 3_600_000, to: nowMs }, { nowMs });
  expect(answer).toMatchObject({ from: day(8), features: [{ contributors: 600 }] });
  const later = day(30);
  const silent = await ask(fleet, { from: later - 3_600_000, to: later }, { nowMs: later });
  expect(silent.features[0]?.contributors).toBe(0);
});

test("what comes late for a day that was told of already is not added to it", async () => {
  let fleet = contributors(600, { random: seededRandom(6) });
  const distributions = async () => summarize(fleet, { bounds: EDGES });
  const readDay = createDayReader({ distributions }, () => day(60));
  const before = await readDay("rec", day(0));
  fleet = [...fleet, ...contributors(1, { random: seededRandom(7) })];
  expect(await readDay("rec", day(0))).toEqual(before);
});

test("of a period of which days have been dropped nothing is told, for its blocks would be others every day", async () => {
  const fleet = [0, 1, 21, 22].flatMap((at) => contributors(300, { at, random: seededRandom(at) }));
  const of = async (keptMs: number, at: number) => {
    const question = { from: day(at), to: day(at + 2) };
    const { features } = await ask(fleet, question, { nowMs: day(40) + DAY_MS / 2, keptMs });
    return features[0]?.contributors;
  };
  expect(await of(100 * DAY_MS, 0)).toBe(600);
  // Two periods are whole: of thirty days, and of ten, of which the last that is whole begins on day 30.
  expect(await of(60 * DAY_MS, 0)).toBe(600);
  expect(await of(20 * DAY_MS, 21)).toBe(0);
  expect(await of(39 * DAY_MS, 0)).toBe(0);
});

test("a week is held against the week before it", async () => {
  const random = seededRandom(8);
  const before = [0, 1, 2].flatMap((at) => contributors(1000, { at, random }));
  const now = [7, 8, 9].flatMap((at) => contributors(1000, { at, shares: SHIFTED, random }));
  const week = { baseline: "previous", from: day(7), to: day(14) } as const;
  const answer = await ask([...before, ...now], week);
  expect(answer.features[0]).toMatchObject({ verdict: "drifting", contributors: 3000 });
  // In some block the first bin had too few, and so it is one with the second in all of them.
  expect(answer.features[0]?.bins[0]?.label).toBe("(−∞, 2]");
  expect(answer.features[0]?.bins[0]?.baseline).toBeCloseTo(0.2, 1);
  const alone = await ask(now, week);
  expect(alone.features[0]).toMatchObject({ verdict: "no-baseline", psi: null });
});

test("the feature that drifts most comes first", async () => {
  const random = seededRandom(9);
  const features = ["a", "b", "c"].map((name) => ({ ...AGE, name }));
  const sent = {
    a: contributors(1000, { random }),
    b: contributors(1000, { shares: SHIFTED, random }),
    c: contributors(100, { random }),
  };
  const answer = await measureDrift(
    { model: "rec", version: "1.0.0", baseline: "reference", from: day(0), to: day(1) },
    {
      reference: { samples: 4000, features },
      readDay: async (_, at) =>
        at === day(0)
          ? Object.entries(sent).flatMap(([feature, fleet]) =>
              summarize(fleet, { bounds: EDGES, feature }),
            )
          : [],
      nowMs: day(60),
    },
  );
  expect(answer.features.map(({ feature }) => feature)).toEqual(["b", "a", "c"]);
});

test("counts with other bounds, or of another version, are none of the feature's", async () => {
  const fleet = contributors(600, { random: seededRandom(10) });
  for (const other of [{ bounds: [1, 2] }, { bounds: EDGES, version: "2.0.0" }]) {
    const answer = await measureDrift(
      { model: "rec", version: "1.0.0", baseline: "reference", from: day(0), to: day(1) },
      { reference: REFERENCE, readDay: async () => summarize(fleet, other), nowMs: day(60) },
    );
    expect(answer.features[0]?.contributors).toBe(0);
  }
});

test("no further days are read for whoever has gone away", async () => {
  const left = new AbortController();
  const read: number[] = [];
  const measured = measureDrift(
    { model: "rec", version: "1.0.0", baseline: "reference", from: day(0), to: day(50) },
    {
      reference: REFERENCE,
      readDay: async (_, at) => {
        read.push(at);
        left.abort();
        return [];
      },
      nowMs: day(60),
      signal: left.signal,
    },
  );
  await expect(measured).rejects.toMatchObject({ code: "closed" });
  expect(read.length).toBeLessThan(5);
});

test("missing values and those out of range are shares of their own, where fifty have any", async () => {
  const usual = contributors(900, { random: seededRandom(11) });
  const [none] = (await ask(usual)).features;
  expect(none).toMatchObject({ missing: null, outOfRange: null, unseen: null });
  const lost = Array.from({ length: 100 }, () => ({
    ...{ day: day(0), counts: EVEN.map(() => 0), irregular: { missing: 1 } },
  }));
  const far = Array.from({ length: 60 }, () => ({
    ...{ day: day(0), counts: EVEN.map((_, bin) => Number(bin === 9)) },
    irregular: { "out-of-range": 1 },
  }));
  const [some] = (await ask([...usual, ...lost, ...far])).features;
  expect(some?.missing).toBeCloseTo(100 / 1060);
  expect(some?.outOfRange).toBeCloseTo(60 / 1060);
  expect(some?.verdict).toBe("drifting");
});

test("randomised answers are told as they were before", async () => {
  const random = seededRandom(12);
  const epsilon = 2;
  // Ten bins and missing: each is told in place of the truth as often as any other.
  const truth = Math.exp(epsilon) / (Math.exp(epsilon) + 10);
  const fleet = contributors(20_000, { shares: SHIFTED, random }).map((one): Contribution => {
    if (random() < truth) return one;
    const own = one.counts.indexOf(1);
    const lie = Math.floor(random() * 10);
    const answer = lie < own ? lie : lie + 1;
    const counts = one.counts.map((_, bin) => Number(bin === answer));
    return { ...one, counts, irregular: answer === 10 ? { missing: 1 } : {} };
  });
  const [told] = (await ask(fleet, {}, { epsilon })).features;
  expect(told?.verdict).toBe("drifting");
  expect(told?.bins[0]?.observed).toBeCloseTo(0.035, 1);
  expect(told?.bins[9]?.observed).toBeCloseTo(0.175, 1);
  expect(told?.missing).toBeLessThan(0.02);
});

describe("nothing can be found out by comparing answers", () => {
  const DAYS = 6;
  const CATEGORIES = ["Adelie", "Chinstrap", "Gentoo"];
  const SPECIES: ReferenceFeature = {
    ...{ name: "age", side: "output", tensor: "y", measure: "class" },
    ...{ categories: CATEGORIES, counts: [150, 60, 120], missing: 0 },
  };

  /** All numbers of an answer; its verdicts are a word each. */
  const shown = async (...question: Parameters<typeof ask>) => {
    const answer = await ask(...question);
    const { features } = answer;
    return { ...answer, features: features.map((one) => ({ ...one, verdict: undefined })) };
  };

  /** Everything that can be asked about these days. */
  async function everything(fleet: readonly Contribution[], reference: Reference) {
    const answers: Awaited<ReturnType<typeof shown>>[] = [];
    for (let from = 0; from < DAYS; from++)
      for (let to = from + 1; to <= DAYS; to++)
        for (const baseline of ["reference", "previous"] as const)
          answers.push(
            await shown(fleet, { baseline, from: day(from), to: day(to) }, { reference }),
          );
    return answers;
  }

  const fleetOf = (seed: number, shares: readonly number[]) => {
    const random = seededRandom(seed);
    return Array.from({ length: DAYS }, (_, at) =>
      contributors(150 + Math.floor(random() * 500), { at, shares, random }),
    ).flat();
  };

  test("which of two bins with too few one contributor is in", async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(), async (seed) => {
        // The first two bins never have fifty in a block, and are always joined with the third.
        const shares = [0.01, 0.01, 0.28, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1];
        const fleet = fleetOf(seed, shares);
        const one = fleet.findIndex(({ counts }) => counts[0] === 1);
        const moved = fleet.map((contribution, i) =>
          i === one ? { ...contribution, counts: [0, 1, 0, 0, 0, 0, 0, 0, 0, 0] } : contribution,
        );
        expect(await everything(moved, REFERENCE)).toEqual(await everything(fleet, REFERENCE));
      }),
      { numRuns: 2 },
    );
  });

  test("whether the one rare category has anyone in it, given all others", async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(), async (seed) => {
        const reference = { samples: 330, features: [SPECIES] };
        const fleet = fleetOf(seed, [0.75, 0.01, 0.24]);
        const moved = fleet.map((contribution) =>
          contribution.counts[1] === 1 ? { ...contribution, counts: [0, 0, 1] } : contribution,
        );
        expect(moved).not.toEqual(fleet);
        expect(await everything(moved, reference)).toEqual(await everything(fleet, reference));
      }),
      { numRuns: 2 },
    );
  });

  test("on which day of a block something was sent", async () => {
    const random = seededRandom(20);
    const days = [0, 1, 2, 3].flatMap((at) => contributors(260, { at, random }));
    const one = days.findIndex(({ day: at, counts }) => at === day(0) && counts[4] === 1);
    const other = days.findIndex(({ day: at, counts }) => at === day(1) && counts[7] === 1);
    const swapped = days.map((contribution, i) => {
      if (i === one) return { ...contribution, day: day(1) };
      return i === other ? { ...contribution, day: day(0) } : contribution;
    });
    expect(await everything(swapped, REFERENCE)).toEqual(await everything(days, REFERENCE));
  });
});
