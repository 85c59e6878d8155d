import { expect, test } from "vitest";
import {
  isAccuracyAnswer,
  isAlertsAnswer,
  isDriftAnswer,
  isPredictionAnswer,
} from "./observed-shapes.ts";

const FEATURE = {
  feature: "island",
  side: "input",
  measure: "category",
  verdict: "stable",
  contributors: 900,
  psi: 0.1,
  jensenShannon: 0.1,
  kolmogorovSmirnov: null,
  missing: 0,
  outOfRange: null,
  unseen: 0,
  bins: [{ label: "a", baseline: 0.5, observed: 0.4 }],
};
const drift = (feature: object) => ({
  ...{ model: "m", version: "1", from: 0, to: 1, baseline: "reference", signedBy: null },
  features: [feature],
});

test("of each bin both shares are known", () => {
  expect(isDriftAnswer(drift(FEATURE))).toBe(true);
  for (const observed of [undefined, null])
    expect(
      isDriftAnswer(drift({ ...FEATURE, bins: [{ label: "a", baseline: 0.5, observed }] })),
    ).toBe(false);
});

test.each([
  ["a verdict that is none", { verdict: "fine" }],
  ["a share that is no number", { missing: Number.NaN }],
  ["a feature without bins", { bins: null }],
])("%s is no answer", (_, wrong) => {
  expect(isDriftAnswer(drift({ ...FEATURE, ...wrong }))).toBe(false);
});

test("a quantile of errors that too few values tell is null, but for the middle one", () => {
  const version = {
    ...{ model: "m", version: "1", judged: 0, correct: 0, accuracy: null },
    days: { calibration: null, confusion: null, error: null },
    ...{ calibration: [], calibrationError: null, confusion: [], classNames: {} },
  };
  const answer = (error: object | null) => ({ versions: [{ ...version, error }] });
  expect(isAccuracyAnswer(answer(null))).toBe(true);
  expect(isAccuracyAnswer(answer({ count: 100, p50: 1, p95: null, p99: null }))).toBe(true);
  expect(isAccuracyAnswer(answer({ count: 9, p50: null, p95: null, p99: null }))).toBe(false);
});

test("attributes of a step are texts, numbers and truths", () => {
  const step = { at: 1, kind: "span", name: "run", durationMs: null };
  const answer = (attributes: unknown) => ({ id: "p", steps: [{ ...step, attributes }] });
  expect(isPredictionAnswer(answer({ a: "x", b: 1, c: true }))).toBe(true);
  expect(isPredictionAnswer(answer({ a: { html: "<b>" } }))).toBe(false);
  expect(isPredictionAnswer(answer(["a"]))).toBe(false);
});

test("an alert's state is one of the four", () => {
  const instance = { labels: { model: "m" }, state: "firing", since: 1, value: null };
  const answer = (instances: unknown[]) => ({
    rules: [{ name: "r", kind: "drift", severity: "info", summary: "", unit: "share", instances }],
    history: [],
  });
  expect(isAlertsAnswer(answer([instance]))).toBe(true);
  expect(isAlertsAnswer(answer([{ ...instance, state: "on fire" }]))).toBe(false);
});
