import { expect, test } from "vitest";
import { batchOf, failures, predictions } from "../contract/sample-batch.ts";
import { distribution, featuresBatch, predictionRecord } from "../contract/sample-records.ts";
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

test("labels that points share are written once", () => {
  const points = Array.from({ length: 50 }, () => ({ ...predictions([1]), labels: shared }));
  const text = encodeEntry({ signal: "metrics", batch: batchOf("a", points) });
  expect(text.split('"wasm"')).toHaveLength(2);
});

test("what a former version wrote is read", () => {
  const histograms = BATCH.histograms.map((point) => ({
    ...point,
    histogram: toDense(point.histogram),
  }));
  const former = JSON.stringify({ signal: "metrics", batch: { ...BATCH, histograms } });
  expect(decodeEntry(former)).toEqual({ signal: "metrics", batch: BATCH });
});
