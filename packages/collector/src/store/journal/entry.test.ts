import fc from "fast-check";
import { expect, test } from "vitest";
import { batchOf, failures, predictions } from "../contract/sample-batch.ts";
import { distribution, featuresBatch, predictionRecord } from "../contract/sample-records.ts";
import type { Series } from "../series-numbers.ts";
import { toDense } from "../sparse-histogram.ts";
import { decodeEntry, type Entry, encodeEntry } from "./entry.ts";

const shared = predictions([0.1, 2, 3]).labels;
const BATCH = batchOf("a", [
  { ...predictions([0.1, 2, 3]), labels: shared },
  { ...predictions([]), labels: shared, attributes: '{"a":1}' },
  predictions([-1, 0, 5], { browser: "chrome 156" }),
  failures(3),
]);

test.each<[string, Entry]>([
  ["metrics", { signal: "metrics", batch: BATCH }],
  ["distributions", { signal: "metrics", batch: featuresBatch("b", [distribution("c", [1, 0])]) }],
  ["logs", { signal: "logs", batch: { id: "c", records: [predictionRecord()] } }],
])("%s come back as they were", (_, entry) => {
  expect(decodeEntry(encodeEntry(entry))).toEqual(entry);
});

test("points come back as they were, whatever their numbers", () => {
  const finite = fc.double({ noNaN: true, noDefaultInfinity: true });
  const known = fc.option(finite, { nil: undefined });
  const whole = fc.nat({ max: 1_000_000_000 });
  const filled = fc.array(fc.tuple(fc.integer({ min: -1_000_000, max: 1_000_000 }), whole));
  const histogram = fc
    .tuple(fc.integer({ min: -10, max: 20 }), whole, finite, known, known, whole, filled)
    .map(([scale, count, sum, min, max, zeroCount, all]) => {
      const [buckets, counts] = [all.map(([bucket]) => bucket), all.map(([, n]) => n)];
      return { scale, count, sum, min, max, zeroCount, buckets, counts, positives: all.length };
    });
  fc.assert(
    fc.property(fc.array(histogram), fc.array(finite), (histograms, values) => {
      const [{ histogram: _, ...series }, counter] = [predictions([1]), failures(1)];
      const batch = {
        ...batchOf("a", []),
        histograms: histograms.map((one) => ({ ...series, histogram: one })),
        counters: values.map((value) => ({ ...counter, value })),
      };
      const entry: Entry = { signal: "metrics", batch };
      expect(decodeEntry(encodeEntry(entry))).toEqual(entry);
    }),
  );
});

test("labels that points share are written once", () => {
  const points = Array.from({ length: 50 }, () => ({ ...predictions([1]), labels: shared }));
  const entry = encodeEntry({ signal: "metrics", batch: batchOf("a", points) });
  expect(entry.toString("latin1").split('"wasm"')).toHaveLength(2);
});

test("one that was cut short is not read as less than it was", () => {
  const entry = encodeEntry({ signal: "metrics", batch: BATCH });
  expect(() => decodeEntry(entry.subarray(0, entry.length - 8))).toThrow("lacks numbers");
});

test("what former versions wrote is read", () => {
  const histograms = BATCH.histograms.map((point) => ({
    ...point,
    histogram: toDense(point.histogram),
  }));
  const dense = { signal: "metrics", batch: { ...BATCH, histograms } };
  expect(decodeEntry(Buffer.from(JSON.stringify(dense)))).toEqual({
    signal: "metrics",
    batch: BATCH,
  });

  const [histogram, counter] = [predictions([0.1, -2, 3]), failures(3)];
  const { timeMs, histogram: values } = histogram;
  const { scale, count, sum, min, max, zeroCount, positives, buckets, counts } = values;
  const head = [0, timeMs, scale, count, sum, min, max, zeroCount, positives];
  const packed = {
    series: [seriesOf(histogram), seriesOf(counter)],
    histograms: [[...head, buckets, counts]],
    counters: [[1, counter.timeMs, counter.value]],
  };
  const byNumbers = { signal: "metrics", batch: batchOf("a", []), packed };
  expect(decodeEntry(Buffer.from(JSON.stringify(byNumbers)))).toEqual({
    signal: "metrics",
    batch: batchOf("a", [histogram, counter]),
  });
});

function seriesOf({ labels, attributes, resource, metric }: Series): Series {
  return { labels, attributes, resource, metric };
}
