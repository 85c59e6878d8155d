import { emptyHistogram, recordValue } from "@selvedge/protocol";
import { expect, test } from "vitest";
import { counted } from "../../fixtures/counted-feedback.ts";
import type { FeedbackSummary } from "../../store/store.ts";
import { type FeedbackBlock, publishFeedback } from "./feedback-block.ts";
import { summarizeFeedback } from "./summarize-feedback.ts";
import { tallyFeedback } from "./tally-feedback.ts";

const WEEK = { from: Date.UTC(2026, 5, 1), to: Date.UTC(2026, 5, 8) };
const NEXT_WEEK = { from: WEEK.to, to: Date.UTC(2026, 5, 15) };
const WEEK_AFTER = { from: NEXT_WEEK.to, to: Date.UTC(2026, 5, 22) };

/** What may be known of a week in which just this was said. */
function blocksOf(summary: Partial<FeedbackSummary>, week = WEEK): FeedbackBlock[] {
  const tallies = tallyFeedback({ counts: [], errors: [], ...summary });
  return [...tallies.values()].map((tally) => publishFeedback(tally, week));
}

const LIVE: FeedbackSummary = { counts: [counted({ count: 3 })], errors: [] };

test("tells the accuracy of each version in the window with its interval", () => {
  const counts = [
    counted({ version: "1.1.0", count: 81 }),
    counted({ version: "1.1.0", correct: false, count: 182 }),
    counted({ count: 4, predicted: "a", label: "a", confidenceTenth: 3 }),
  ];
  const { versions } = summarizeFeedback({ counts, errors: [] }, []);
  expect(versions.map(({ version, judged, correct }) => [version, judged, correct])).toEqual([
    ["1.0.0", 4, 4],
    ["1.1.0", 263, 81],
  ]);
  expect(versions[1]?.accuracy?.low).toBeCloseTo(0.2553, 4);
});

test("tells of the window itself nothing but how many were right", () => {
  const error = recordValue(emptyHistogram(), 17.5);
  const counts = [counted({ count: 400, predicted: "a", label: "a", confidenceTenth: 3 })];
  const errors = [{ model: "rec", version: "1.0.0", histogram: error }];
  expect(summarizeFeedback({ counts, errors }, []).versions).toMatchObject([
    {
      judged: 400,
      days: { calibration: null, confusion: null, error: null },
      calibration: [],
      calibrationError: null,
      confusion: [],
      error: null,
    },
  ]);
});

const CALIBRATED = [
  counted({ confidenceTenth: 9, count: 950 }),
  counted({ confidenceTenth: 9, count: 50, correct: false }),
  counted({ confidenceTenth: 5, count: 250 }),
  counted({ confidenceTenth: 5, count: 750, correct: false }),
];

test("tells how well confidence is calibrated, by range, and how far off it is over them at least", () => {
  const counts = [...CALIBRATED, counted({ confidenceTenth: 8, count: 1000, correct: false })];
  const [version] = summarizeFeedback(LIVE, blocksOf({ counts })).versions;
  expect(version).toMatchObject({ judged: 3, days: { calibration: { ...WEEK, count: 7 } } });
  expect(version?.calibration).toEqual([
    { from: 0, to: 0.8, judged: 1000, correct: 250 },
    { from: 0.8, to: 1, judged: 2000, correct: 950 },
  ]);
  // Below 80% a quarter is right, as may be; above it 47.5%, where at least 80% should be.
  expect(version?.calibrationError).toBeCloseTo((0.325 * 2) / 3);
});

test("each figure tells of which days it is, and of how many between them", () => {
  const histogram = Array.from({ length: 200 }, () => 2).reduce(recordValue, emptyHistogram());
  const errors = [{ model: "rec", version: "1.0.0", histogram }];
  const sure = [counted({ confidenceTenth: 9, count: 900 })];
  const blocks = [
    ...blocksOf({ counts: CALIBRATED }),
    ...blocksOf({ counts: sure, errors }, NEXT_WEEK),
    ...blocksOf({ counts: CALIBRATED }, WEEK_AFTER),
  ];
  const [version] = summarizeFeedback(LIVE, blocks).versions;
  const whole = { from: WEEK.from, to: WEEK_AFTER.to };
  expect(version?.days).toEqual({
    calibration: { ...whole, count: 14 },
    confusion: { ...whole, count: 21 },
    error: { ...NEXT_WEEK, count: 7 },
  });
  expect(version?.calibration.map(({ judged }) => judged)).toEqual([2000, 2000]);
});

test("tells what is taken for what, the most frequent first", () => {
  const counts = [
    counted({ predicted: "Gentoo", label: "Adelie", correct: false, count: 52 }),
    counted({ predicted: "Adelie", label: "Adelie", confidenceTenth: 9, count: 50 }),
    counted({ predicted: "Adelie", label: "Adelie", confidenceTenth: 8, count: 30 }),
    counted({ predicted: "Adelie", label: undefined, count: 70 }),
  ];
  const [version] = summarizeFeedback(LIVE, blocksOf({ counts })).versions;
  expect(version?.confusion).toEqual([
    { predicted: "Adelie", label: "Adelie", count: 80 },
    { predicted: "other", label: "other", count: 70 },
    { predicted: "Gentoo", label: "Adelie", count: 52 },
  ]);
});

test("tells how far values were off, where nothing was right or wrong", () => {
  const version = offBy(Array.from({ length: 120 }, (_, n) => 1 + (n % 3)));
  expect(version?.accuracy).toBeNull();
  expect(version?.error?.count).toBe(120);
  expect(version?.error?.p50).toBeCloseTo(2, 1);
});

test.each([
  [99, []],
  [100, ["p50"]],
  [999, ["p50"]],
  [1000, ["p50", "p95"]],
  [4999, ["p50", "p95"]],
  [5000, ["p50", "p95", "p99"]],
])("of %i values tells the quantiles %o: fifty lie beyond each", (count, told) => {
  const { error } = offBy(Array.from({ length: count }, () => 17)) ?? {};
  const quantiles = Object.entries({ ...error, count: null }).filter(([, value]) => value !== null);
  expect(quantiles.map(([name]) => name)).toEqual(told);
});

test("nobody's own error is told, however many are the same", () => {
  const { error } = offBy(Array.from({ length: 5000 }, () => 17)) ?? {};
  expect(error?.p99).toBeCloseTo(17, 0);
  expect(error?.p99).not.toBe(17);
});

function offBy(values: readonly number[]) {
  const histogram = values.reduce(recordValue, emptyHistogram());
  const errors = [{ model: "rec", version: "1.0.0", histogram }];
  return summarizeFeedback({ counts: [], errors }, blocksOf({ errors })).versions[0];
}
