import {
  DELTA,
  METRICS,
  mergeHistograms,
  type OtlpMetric,
  quantile,
  SelvedgeError,
  toOtlpAttributes,
} from "@selvedge/protocol";
import fc from "fast-check";
import { expect, test } from "vitest";
import {
  failureMetric,
  metricsRequest,
  predictionMetric,
  predictionPoint,
} from "../fixtures/otlp-request.ts";
import { toDense } from "../store/sparse-histogram.ts";
import { decodeLogs } from "./decode-logs.ts";
import { decodeMetrics } from "./decode-metrics.ts";
import { decodeTraces } from "./decode-traces.ts";

const HUGE = 2 ** 40;

function decodePoint(replaced: Readonly<Record<string, unknown>>) {
  const metric = predictionMetric(predictionPoint([0.1, 0.2]), predictionPoint([0.3], replaced));
  const { batches, refusals } = decodeMetrics(metricsRequest("a", [metric]), Date.now());
  return { kept: batches.flatMap(({ histograms }) => histograms), refusals };
}

test.each<[string, Readonly<Record<string, unknown>>]>([
  ["a scale no number needs", { scale: 21 }],
  ["a scale that is no whole number", { scale: 1.5 }],
  ["a scale that is a text", { scale: "5" }],
  ["an offset beyond every number", { positive: { offset: HUGE, bucketCounts: ["1"] } }],
  ["an offset below every number", { positive: { offset: -HUGE, bucketCounts: ["1"] } }],
  ["an offset that is none", { positive: { offset: "0", bucketCounts: ["1"] } }],
  ["buckets without end", { positive: { bucketCounts: new Array(1_000_000).fill("0") } }],
  ["buckets that are no list", { positive: { bucketCounts: "1" } }],
  ["a negative bucket count", { positive: { offset: 0, bucketCounts: [2, -1] } }],
  ["a fraction as a count", { count: 0.5 }],
  ["a negative count", { count: "-1" }],
  ["a count beyond what a device can do", { count: "1000000000000", zeroCount: "999999999999" }],
  ["a count that is a text", { count: "one" }],
  ["a count that is not the sum of its buckets", { count: "7" }],
  ["a sum that is not finite", { sum: Number.POSITIVE_INFINITY }],
  ["a sum that is no number", { sum: "NaN" }],
  ["a sum that has no room for another", { sum: -1e308 }],
  ["a min above its max", { min: 2, max: 1 }],
  ["a time in 1970", { timeUnixNano: "1000000000" }],
  ["a time in the year 2500", { timeUnixNano: "16725225600000000000" }],
  ["a time that is none", { timeUnixNano: "noon" }],
  ["no time", { timeUnixNano: undefined }],
  ["attributes that are no list", { attributes: {} }],
  ["an attribute that is null", { attributes: [null] }],
  [
    "an attribute with a key without end",
    { attributes: toOtlpAttributes({ ["k".repeat(999)]: 1 }) },
  ],
  ["an attribute without end", { attributes: toOtlpAttributes({ k: "v".repeat(257) }) }],
  ["attributes without end", { attributes: new Array(65).fill({ key: "k", value: {} }) }],
])("refuses a point with %s, and keeps the one beside it", (_, replaced) => {
  const { kept, refusals } = decodePoint(replaced);
  expect(refusals.count).toBe(1);
  expect(kept.map(({ histogram }) => histogram.count)).toEqual([2]);
});

test("takes 64-bit integers as texts and as numbers", () => {
  const { timeUnixNano } = predictionPoint([0.1]);
  const { kept } = decodePoint({
    count: 1,
    zeroCount: 1,
    positive: {},
    timeUnixNano: Number(timeUnixNano),
  });
  expect(kept[1]).toMatchObject({ histogram: { count: 1, zeroCount: 1 } });
  expect(Math.abs((kept[1]?.timeMs ?? 0) - Date.now())).toBeLessThan(10_000);
});

test("sorts attributes into labels and others, and keeps the batch id out of both", () => {
  const attributes = toOtlpAttributes({
    "selvedge.backend": "webgpu",
    "os.name": "linux",
    cores: 2,
  });
  const { kept } = decodePoint({ attributes });
  expect(kept[1]).toMatchObject({
    labels: { backend: "webgpu" },
    attributes: '{"os.name":"linux","cores":2}',
    resource: '{"service.name":"shop"}',
  });
});

const series = (sum: object): OtlpMetric => ({
  name: "x",
  sum: { ...failureMetric(1).sum, ...sum },
});

test.each<[string, OtlpMetric]>([
  ["cumulative sums", series({ aggregationTemporality: 2 })],
  ["sums that may fall", series({ isMonotonic: false })],
  ["sums without a temporality", series({ aggregationTemporality: undefined })],
  ["metrics without a name", { ...series({}), name: "" }],
  ["metrics with a name without end", { ...series({}), name: "n".repeat(256) }],
  ["negative counts", failureMetric(1, { asInt: "-3" })],
  ["values that are no number", failureMetric(1, { asInt: undefined, asDouble: "NaN" })],
  ["values beyond 2^53", failureMetric(1, { asInt: "9007199254740993" })],
])("refuses %s", (_, metric) => {
  const { batches, refusals } = decodeMetrics(metricsRequest("a", [metric]), Date.now());
  expect(refusals.count).toBe(1);
  expect(refusals.message).toMatch(/^1 × .{10}/);
  expect(batches.flatMap(({ counters }) => counters)).toEqual([]);
});

/** JSON with the names of OTLP in every place, so that all of the reading is reached. */
const almostOtlp = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: "small" },
    fc.jsonValue({ maxDepth: 1 }),
    fc.constantFrom("1", "-1", `${Date.now()}000000`, 1, 2, 1e300, -HUGE, 2 ** 31, "x"),
    fc.array(tie("value"), { maxLength: 3 }),
    fc.dictionary(
      fc.constantFrom(
        ..."resourceMetrics resource attributes key value stringValue intValue scopeMetrics".split(
          " ",
        ),
        ..."metrics name sum exponentialHistogram aggregationTemporality isMonotonic".split(" "),
        ..."dataPoints timeUnixNano count zeroCount scale positive offset bucketCounts".split(" "),
        ..."logRecords body eventName explicitBounds traceId name code".split(" "),
        "__proto__",
      ),
      tie("value"),
    ),
  ),
})).value;

test("whatever JSON it is given, it decodes it or says that it is not OTLP", () => {
  const logs = (logRecords: unknown) => ({ resourceLogs: [{ scopeLogs: [{ logRecords }] }] });
  const traces = (spans: unknown) => ({ resourceSpans: [{ scopeSpans: [{ spans }] }] });
  const distribution = (point: unknown) => ({
    name: METRICS.distribution,
    histogram: { aggregationTemporality: DELTA, dataPoints: [point] },
  });
  const at = { startTimeUnixNano: `${Date.now()}000000`, endTimeUnixNano: `${Date.now()}000000` };
  const span = { traceId: "ab".repeat(16), spanId: "cd".repeat(8), ...at };
  const levels: readonly [
    typeof decodeMetrics | typeof decodeLogs | typeof decodeTraces,
    (inner: unknown) => unknown,
  ][] = [
    [decodeMetrics, (inner) => inner],
    [decodeMetrics, (inner) => metricsRequest("a", [inner as never])],
    [decodeMetrics, (inner) => metricsRequest("a", [predictionMetric(inner as never)])],
    [decodeMetrics, (inner) => metricsRequest("a", [distribution(inner) as never])],
    [decodeMetrics, (inner) => metricsRequest("a", [failureMetric(1, { attributes: inner })])],
    [decodeMetrics, (inner) => ({ resourceMetrics: [{ resource: inner, scopeMetrics: [] }] })],
    [decodeLogs, logs],
    [decodeLogs, (inner) => logs([inner])],
    [decodeTraces, traces],
    [decodeTraces, (inner) => traces([{ ...span, attributes: inner, status: inner }])],
    [decodeTraces, (inner) => traces([{ ...span, endTimeUnixNano: inner }])],
  ];
  fc.assert(
    fc.property(almostOtlp, fc.constantFrom(...levels), (inner, [decode, around]) => {
      try {
        decode(around(inner), Date.now());
      } catch (error) {
        expect(error).toBeInstanceOf(SelvedgeError);
      }
    }),
    { numRuns: 2000 },
  );
});

test("every histogram it keeps can be merged, quickly, and has quantiles", () => {
  const buckets = fc.record({
    exponent: fc.double({ min: -1100, max: 1100, noNaN: true }),
    bucketCounts: fc.array(fc.nat({ max: 1e6 }), { maxLength: 8 }),
  });
  const points = fc.record({
    scale: fc.integer({ min: -11, max: 21 }),
    positive: buckets,
    negative: buckets,
  });
  let kept = 0;
  fc.assert(
    fc.property(fc.array(points, { minLength: 1, maxLength: 6 }), (drawn) => {
      const metric = predictionMetric(
        ...drawn.map(({ scale, positive, negative }) => {
          const count = [...positive.bucketCounts, ...negative.bucketCounts].reduce(
            (sum, n) => sum + n,
            0,
          );
          const at = ({ exponent, bucketCounts }: typeof positive) => ({
            offset: Math.floor(exponent * 2 ** scale),
            bucketCounts,
          });
          return predictionPoint([], {
            scale,
            count,
            positive: at(positive),
            negative: at(negative),
          });
        }),
      );
      const { batches } = decodeMetrics(metricsRequest("a", [metric]), Date.now());
      const histograms = batches.flatMap((batch) =>
        batch.histograms.map((point) => toDense(point.histogram)),
      );
      kept += histograms.length;
      const [first, ...others] = histograms;
      if (first === undefined) return;
      const merged = others.reduce(mergeHistograms, first);
      if (merged.count > 0) expect(quantile(merged, 0.5)).not.toBeNaN();
    }),
  );
  expect(kept).toBeGreaterThan(100);
});

test("a resource that ten thousand points have is kept as far as there is room for it in each", () => {
  const said = Array.from({ length: 60 }, (_, n) => ({
    key: `host.${n}`,
    value: { stringValue: "x".repeat(1000) },
  }));
  const metric = failureMetric(1);
  const resource = { attributes: [...said, { key: "service.name", value: { stringValue: "s" } }] };
  const body = { resourceMetrics: [{ resource, scopeMetrics: [{ metrics: [metric] }] }] };
  const [batch] = decodeMetrics(body, Date.now()).batches;
  const kept = batch?.counters[0]?.resource ?? "";
  expect(kept.length).toBeLessThanOrEqual(2050);
  expect(JSON.parse(kept)).toMatchObject({ "host.0": "x".repeat(1000), "service.name": "s" });
});
