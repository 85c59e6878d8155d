import { emptyHistogram, recordValue } from "@selvedge/protocol";
import { expect, test } from "vitest";
import { seededRandom } from "../fixtures/seeded-random.ts";
import type { FeedbackSummary, VersionFigures } from "../store/store.ts";
import { compareVersions } from "./compare-versions.ts";

const NONE: FeedbackSummary = { counts: [], errors: [] };
const PAIR = { model: "rec", a: "1.0.0", b: "1.1.0" };

function figures(version: string, seconds: readonly number[], failures = 0): VersionFigures {
  const latency = seconds.reduce(recordValue, emptyHistogram());
  return { model: "rec", version, predictions: seconds.length, failures, latency };
}

function judged(version: string, correct: number, wrong: number): FeedbackSummary["counts"] {
  const one = { model: "rec", version, predicted: undefined, label: undefined };
  return [
    { ...one, confidenceTenth: 9, correct: true, count: correct },
    { ...one, confidenceTenth: 3, correct: false, count: wrong },
  ];
}

function durations(seed: number, count: number, factor = 1): number[] {
  const random = seededRandom(seed);
  return Array.from({ length: count }, () => (0.02 + 0.03 * random() ** 2) * factor);
}

const verdicts = (answer: ReturnType<typeof compareVersions>) =>
  Object.fromEntries(answer.comparisons.map(({ metric, verdict }) => [metric, verdict]));

test("says of a version that fails more, is slower and more often wrong that it is worse", () => {
  const answer = compareVersions(
    PAIR,
    [figures("1.0.0", durations(1, 1000), 5), figures("1.1.0", durations(2, 1000, 1.4), 60)],
    { counts: [...judged("1.0.0", 950, 50), ...judged("1.1.0", 850, 150)], errors: [] },
  );
  expect(verdicts(answer)).toEqual({
    "failure-rate": "b-worse",
    "latency-p50": "b-worse",
    "latency-p95": "b-worse",
    accuracy: "b-worse",
  });
  const [failures, median, , accuracy] = answer.comparisons;
  expect(failures?.b).toEqual({ value: 60 / 1060, count: 1060 });
  expect(median?.difference?.value).toBeGreaterThan(5);
  expect(median?.difference?.value).toBeLessThan(20);
  expect(accuracy?.difference?.value).toBeCloseTo(-0.1);
});

test("says of one that does better that it is, and of the same that nothing differs", () => {
  const slow = figures("1.0.0", durations(1, 1000), 80);
  const quick = figures("1.1.0", durations(2, 1000, 0.6), 10);
  expect(verdicts(compareVersions(PAIR, [slow, quick], NONE))).toMatchObject({
    "failure-rate": "b-better",
    "latency-p50": "b-better",
  });
  const same = figures("1.1.0", durations(3, 1000), 80);
  expect(verdicts(compareVersions(PAIR, [slow, same], NONE))).toMatchObject({
    "failure-rate": "no-difference",
    "latency-p50": "no-difference",
    "latency-p95": "no-difference",
  });
});

test("says nothing of versions that were hardly used, or not at all", () => {
  const few = compareVersions(
    PAIR,
    [figures("1.0.0", durations(1, 1000)), figures("1.1.0", durations(2, 40), 30)],
    { counts: judged("1.0.0", 950, 50), errors: [] },
  );
  expect(new Set(Object.values(verdicts(few)))).toEqual(new Set(["too-few"]));
  expect(few.comparisons.every(({ difference }) => difference === null)).toBe(true);
  expect(few.comparisons[3]?.b).toBeNull();
  expect(verdicts(compareVersions(PAIR, [], NONE))).toMatchObject({ accuracy: "too-few" });
});

test("sees a difference that is not there about once in twenty times at most", () => {
  let seen = 0;
  const rounds = 200;
  for (let round = 0; round < rounds; round++) {
    const answer = compareVersions(
      PAIR,
      [
        figures("1.0.0", durations(2 * round, 300)),
        figures("1.1.0", durations(2 * round + 1, 300)),
      ],
      NONE,
    );
    if (answer.comparisons[1]?.verdict !== "no-difference") seen += 1;
  }
  expect(seen / rounds).toBeLessThanOrEqual(0.07);
});
