import {
  ATTRIBUTES,
  DELTA,
  DISTRIBUTION,
  METRICS,
  type OtlpMetric,
  toOtlpAttributes,
} from "@selvedge/protocol";
import { expect, test } from "vitest";
import { metricsRequest } from "../fixtures/otlp-request.ts";
import { decodeMetrics } from "./decode-metrics.ts";

const NOW = Date.UTC(2026, 5, 1, 12);

const WHO = {
  [ATTRIBUTES.model]: "penguins",
  [ATTRIBUTES.version]: "1.0.0",
  [DISTRIBUTION.feature]: "bill_length_mm",
  [DISTRIBUTION.contributor]: "c-1",
};

type Said = Readonly<Record<string, string | number>>;

const point = (said: Said) => ({
  attributes: toOtlpAttributes(said),
  timeUnixNano: `${NOW}000000`,
});

function decodeDistribution(said: Said, replaced: Readonly<Record<string, unknown>> = {}) {
  const counts = { count: "6", bucketCounts: ["1", "2", "3"], explicitBounds: [40, 45.5] };
  const dataPoints = [{ ...point(said), ...counts, ...replaced }];
  const histogram = { aggregationTemporality: DELTA, dataPoints };
  return decode({ name: METRICS.distribution, histogram });
}

function decodeIrregular(said: Said, replaced: Readonly<Record<string, unknown>> = {}) {
  const dataPoints = [{ ...point(said), asInt: "4", ...replaced }];
  return decode({
    name: METRICS.irregular,
    sum: { aggregationTemporality: DELTA, isMonotonic: true, dataPoints },
  });
}

function decode(metric: OtlpMetric) {
  const { batches, refusals } = decodeMetrics(metricsRequest("a", [metric]), NOW);
  return { batch: batches[0], refusals };
}

test("reads whose values of what were in which bins, and the ε they were randomised with", () => {
  const { batch, refusals } = decodeDistribution({ ...WHO, [DISTRIBUTION.epsilon]: 2 });
  expect(refusals.count).toBe(0);
  expect(batch?.distributions).toEqual([
    {
      timeMs: NOW,
      labels: { model: "penguins", version: "1.0.0" },
      attributes: undefined,
      resource: '{"service.name":"shop"}',
      feature: "bill_length_mm",
      contributor: "c-1",
      epsilon: 2,
      bounds: [40, 45.5],
      counts: [1, 2, 3],
    },
  ]);
  expect(batch?.histograms).toEqual([]);
});

test("reads how many values of a feature had no place", () => {
  const { batch } = decodeIrregular({ ...WHO, [ATTRIBUTES.reason]: "unseen" });
  expect(batch?.irregulars).toMatchObject([
    { feature: "bill_length_mm", contributor: "c-1", irregularity: "unseen", value: 4 },
  ]);
  expect(batch?.counters).toEqual([]);
});

const { [DISTRIBUTION.contributor]: _, ...anonymous } = WHO;
const { [ATTRIBUTES.version]: __, ...ofNoVersion } = WHO;
const { [DISTRIBUTION.feature]: ___, ...ofNothing } = WHO;

test.each<[string, Said, Readonly<Record<string, unknown>>]>([
  ["by nobody", anonymous, {}],
  ["of no version", ofNoVersion, {}],
  ["of no feature", ofNothing, {}],
  [
    "by somebody with a name without end",
    { ...WHO, [DISTRIBUTION.contributor]: "c".repeat(65) },
    {},
  ],
  ["with an ε below zero", { ...WHO, [DISTRIBUTION.epsilon]: -1 }, {}],
  ["with an ε that is a text", { ...WHO, [DISTRIBUTION.epsilon]: "2" }, {}],
  ["with bounds that fall", WHO, { explicitBounds: [45.5, 40] }],
  ["with bounds that are equal", WHO, { explicitBounds: [40, 40] }],
  ["with a bound that is not finite", WHO, { explicitBounds: [40, Number.NaN] }],
  ["with a bound that is a text", WHO, { explicitBounds: ["40", 45.5] }],
  ["with bounds without end", WHO, { explicitBounds: Array.from({ length: 257 }, (_, i) => i) }],
  ["with too few counts", WHO, { bucketCounts: ["1", "5"] }],
  ["without counts", WHO, { bucketCounts: undefined }],
  ["with a negative count", WHO, { bucketCounts: ["-1", "4", "3"] }],
  ["with a fraction of a count", WHO, { bucketCounts: [0.5, 2.5, 3] }],
  ["with counts that do not add up", WHO, { count: "7" }],
])("refuses a distribution %s", (_, said, replaced) => {
  const { batch, refusals } = decodeDistribution(said, replaced);
  expect([refusals.count, batch?.distributions]).toEqual([1, []]);
});

test.each<[string, Said]>([
  ["by nobody", { ...anonymous, [ATTRIBUTES.reason]: "unseen" }],
  ["for a reason that is none", { ...WHO, [ATTRIBUTES.reason]: "boring" }],
  ["for no reason", WHO],
])("refuses irregular values %s", (_, said) => {
  const { batch, refusals } = decodeIrregular(said);
  expect([refusals.count, batch?.irregulars]).toEqual([1, []]);
});

test("keeps the ids of contributors out of every other metric", () => {
  const dataPoints = [{ ...point(WHO), count: "0", scale: 0 }];
  const exponentialHistogram = { aggregationTemporality: DELTA, dataPoints };
  const { batch, refusals } = decode({ name: METRICS.distribution, exponentialHistogram });
  expect([refusals.count, batch]).toEqual([1, undefined]);
});
