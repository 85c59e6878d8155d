import { emptyHistogram, recordValue } from "@selvedge/protocol";
import { expect, test } from "vitest";
import type { FeedbackSummary } from "../store/store.ts";
import { summarizeFeedback } from "./summarize-feedback.ts";

type Count = FeedbackSummary["counts"][number];

function counted(replaced: Partial<Count>): Count {
  return {
    model: "rec",
    version: "1.0.0",
    correct: true,
    predicted: undefined,
    label: undefined,
    confidenceTenth: undefined,
    count: 1,
    ...replaced,
  };
}

test("tells the accuracy of each version with its interval", () => {
  const { versions } = summarizeFeedback({
    counts: [
      counted({ version: "1.1.0", count: 81 }),
      counted({ version: "1.1.0", correct: false, count: 182 }),
      counted({ count: 4 }),
    ],
    errors: [],
  });
  expect(versions.map(({ version, judged, correct }) => [version, judged, correct])).toEqual([
    ["1.0.0", 4, 4],
    ["1.1.0", 263, 81],
  ]);
  expect(versions[1]?.accuracy?.low).toBeCloseTo(0.2553, 4);
  expect(versions[1]?.calibrationError).toBeNull();
});

test("tells how well confidence is calibrated, by tenth", () => {
  const [version] = summarizeFeedback({
    counts: [
      counted({ confidenceTenth: 9, count: 95 }),
      counted({ confidenceTenth: 9, count: 5, correct: false }),
      counted({ confidenceTenth: 5, count: 25 }),
      counted({ confidenceTenth: 5, count: 75, correct: false }),
    ],
    errors: [],
  }).versions;
  expect(version?.calibration).toEqual([
    { tenth: 5, judged: 100, correct: 25 },
    { tenth: 9, judged: 100, correct: 95 },
  ]);
  // The ninth tenth is where it should be; of the fifth 25% are right where 55% should be.
  expect(version?.calibrationError).toBeCloseTo(0.15);
});

test("tells what is taken for what, the most frequent first", () => {
  const [version] = summarizeFeedback({
    counts: [
      counted({ predicted: "Gentoo", label: "Adelie", correct: false, count: 52 }),
      counted({ predicted: "Adelie", label: "Adelie", confidenceTenth: 9, count: 50 }),
      counted({ predicted: "Adelie", label: "Adelie", confidenceTenth: 8, count: 30 }),
      counted({ predicted: "Adelie", label: undefined, count: 7 }),
    ],
    errors: [],
  }).versions;
  expect(version?.judged).toBe(139);
  expect(version?.confusion).toEqual([
    { predicted: "Adelie", label: "Adelie", count: 80 },
    { predicted: "Gentoo", label: "Adelie", count: 52 },
  ]);
});

test("tells how far values were off, where nothing was right or wrong", () => {
  const histogram = [1, 2, 3, 4].reduce(recordValue, emptyHistogram());
  const [version] = summarizeFeedback({
    counts: [],
    errors: [{ model: "price", version: "2", histogram }],
  }).versions;
  expect(version?.accuracy).toBeNull();
  expect(version?.error?.count).toBe(4);
  expect(version?.error?.p50).toBeCloseTo(2, 1);
});
