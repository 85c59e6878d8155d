import { expect, test } from "vitest";
import { accuracyDetails, formatErrors } from "./accuracy-details.ts";

const ROW = {
  ...{ model: "rec", version: "1.0.0", judged: 9, correct: 9, accuracy: null },
  ...{ days: { from: 0, to: 1 }, calibration: [], calibrationError: null, confusion: [] },
  error: null,
};
const calibrated = { ...ROW, calibration: [{ tenth: 9, judged: 60, correct: 50 }] };
const confused = { ...ROW, confusion: [{ predicted: "a", label: "b", count: 60 }] };

test("each detail is of the newest version that has it, of its own days", () => {
  const details = accuracyDetails([ROW, confused, { ...calibrated, days: { from: 1, to: 2 } }]);
  expect(details?.confused?.days).toEqual({ from: 0, to: 1 });
  expect(details?.calibrated?.days).toEqual({ from: 1, to: 2 });
});

test("details are waited for only while no version has days", () => {
  expect(accuracyDetails([{ ...ROW, days: null }])).toBeUndefined();
  expect(accuracyDetails([{ ...ROW, days: null }, ROW])).toEqual({ isJudged: true });
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
