import { FEEDBACK, METRICS } from "@selvedge/protocol";
import { expect, test } from "vitest";
import { batchOf, predictions } from "../../store/contract/sample-batch.ts";
import {
  distribution,
  featuresBatch,
  irregular,
  judged,
} from "../../store/contract/sample-records.ts";
import { admitMetrics } from "./admit-metrics.ts";
import { createLabelBounds, NOTHING_SEEN } from "./label-bounds.ts";

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const MIDNIGHT = Date.UTC(2026, 5, 2);

const boundsOf = (valuesPerLabel: number) =>
  createLabelBounds({
    ...{ valuesPerLabel, series: 100, isServed: () => false },
    ...{ seen: NOTHING_SEEN, now: () => MIDNIGHT },
  });

test("points keep what they are, but for labels that there is no room for", () => {
  const batch = batchOf("a", [predictions([1]), predictions([1], { browser: "opera 9" })]);
  const bounds = boundsOf(1);
  bounds.of({ browser: "chrome 156" });
  const admitted = admitMetrics(batch, bounds, MIDNIGHT);
  expect(admitted.histograms[0]).toBe(batch.histograms[0]);
  expect(admitted.histograms[1]?.labels).toMatchObject({ model: "rec", browser: "other" });
});

test("feedback is told apart by what feedback is told apart by, and by no more classes than there is room for", () => {
  const said = (attributes: object) => ({
    ...judged(1, {}),
    attributes: JSON.stringify(attributes),
  });
  const points = [
    said({ [FEEDBACK.correct]: true, [FEEDBACK.predicted]: "a", user: "u-17" }),
    said({ [FEEDBACK.correct]: "false", [FEEDBACK.predicted]: "b", [FEEDBACK.confidence]: "10" }),
    { ...said({}), attributes: undefined },
  ];
  const { counters } = admitMetrics(batchOf("a", points), boundsOf(1), MIDNIGHT);
  expect(counters.map(({ attributes }) => JSON.parse(attributes ?? ""))).toEqual([
    { [FEEDBACK.correct]: "true", [FEEDBACK.predicted]: "a" },
    { [FEEDBACK.correct]: "false", [FEEDBACK.predicted]: "other" },
    {},
  ]);
});

test("features that are made up are one feature", () => {
  const points = ["x", "y", "z"].map((feature) => distribution("c", [1, 0], { feature }));
  const { distributions } = admitMetrics(featuresBatch("a", points), boundsOf(2), MIDNIGHT);
  expect(distributions.map(({ feature }) => feature)).toEqual(["x", "y", "other"]);
});

test.each([
  ["of this day", MIDNIGHT + HOUR_MS, MIDNIGHT + 5, "told"],
  ["of yesterday, soon after midnight", MIDNIGHT + HOUR_MS - 1, MIDNIGHT - 5, "told"],
  ["of yesterday, an hour after midnight", MIDNIGHT + HOUR_MS, MIDNIGHT - 5, "arrived"],
  ["of last week", MIDNIGHT, MIDNIGHT - 7 * DAY_MS, "arrived"],
  ["of tomorrow", MIDNIGHT - 5, MIDNIGHT, "arrived"],
])("a distribution %s is of a day that nobody was told of", (_, nowMs, timeMs, expected) => {
  const sent = [distribution("c", [1, 0], { timeMs }), irregular("c", "missing", 1, { timeMs })];
  const { distributions, irregulars } = admitMetrics(featuresBatch("a", sent), boundsOf(9), nowMs);
  const time = expected === "told" ? timeMs : nowMs;
  expect([distributions[0]?.timeMs, irregulars[0]?.timeMs]).toEqual([time, time]);
});

test("no day of feedback grows once it is over", () => {
  const nowMs = MIDNIGHT + HOUR_MS;
  const late = judged(1, { correct: true }, { timeMs: MIDNIGHT - 5 });
  const off = { ...predictions([1]), metric: METRICS.feedbackError, timeMs: MIDNIGHT - 5 };
  const plain = predictions([1], {});
  const { counters, histograms } = admitMetrics(
    batchOf("a", [late, off, { ...plain, timeMs: MIDNIGHT - 5 }]),
    boundsOf(9),
    nowMs,
  );
  expect(counters.map(({ timeMs }) => timeMs)).toEqual([nowMs]);
  expect(histograms.map(({ timeMs }) => timeMs)).toEqual([nowMs, MIDNIGHT - 5]);
});
