import { expect, test } from "vitest";
import { accuracyDetails, formatErrors } from "./accuracy-details.ts";

const NO_DAYS = { calibration: null, confusion: null, error: null };
const DAYS = { from: 0, to: 1, count: 1 };
const ROW = {
  ...{ model: "rec", version: "1.0.0", judged: 9, correct: 9, accuracy: null },
  ...{ days: { ...NO_DAYS, confusion: DAYS }, calibration: [], calibrationError: null },
  ...{ confusion: [], classNames: {}, error: null },
};
const calibrated = { ...ROW, calibration: [{ from: 0.8, to: 1, judged: 600, correct: 500 }] };
const confused = { ...ROW, confusion: [{ predicted: "a", label: "b", count: 60 }] };

test("each detail is of the newest version that has it", () => {
  const details = accuracyDetails([ROW, confused, calibrated]);
  expect(details).toEqual({ isJudged: true, confused, calibrated });
});

test("details are waited for only while no version has days", () => {
  expect(accuracyDetails([{ ...ROW, days: NO_DAYS }])).toBeUndefined();
  expect(accuracyDetails([{ ...ROW, days: NO_DAYS }, ROW])).toEqual({ isJudged: true });
});

test("a model of values has no classes to be confused", () => {
  const error = { count: 200, p50: 1, p95: null, p99: null };
  expect(accuracyDetails([{ ...ROW, judged: 0, error }])).toEqual({ isJudged: false });
});

test("a quantile that too few values tell is a dash", () => {
  expect(formatErrors(null)).toBe("–");
  expect(formatErrors({ count: 200, p50: 1.5, p95: null, p99: null })).toBe("1.5 / –");
  expect(formatErrors({ count: 2000, p50: 1.5, p95: 12, p99: null })).toBe("1.5 / 12");
});
