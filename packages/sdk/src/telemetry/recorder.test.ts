import { gzipSync } from "node:zlib";
import { ATTRIBUTES, BATCH_ID, METRICS, type OtlpMetricsRequest } from "@selvedge/protocol";
import { expect, test, vi } from "vitest";
import { SDK_VERSION } from "../version.ts";
import { Recorder } from "./recorder.ts";
import { toBatch } from "./to-batch.ts";

const subject = { model: "ocr-rec", version: "1.0.0", dtype: "fp32", backend: "wasm" };

function batchOf(recorder: Recorder, now?: number): OtlpMetricsRequest | undefined {
  const measurements = recorder.take(now);
  const batch = measurements && toBatch(measurements, "shop");
  return batch?.signal === "metrics" ? batch.body : undefined;
}

function metricsOf(batch: OtlpMetricsRequest | undefined) {
  return batch?.resourceMetrics[0]?.scopeMetrics[0]?.metrics ?? [];
}

function attribute(
  attributes: readonly { key: string; value: { stringValue?: string } }[] = [],
  key: string,
): string | undefined {
  return attributes.find((candidate) => candidate.key === key)?.value.stringValue;
}

test("nothing recorded is nothing to send", () => {
  expect(batchOf(new Recorder(() => undefined))).toBeUndefined();
});

test("a batch says who speaks, and has an id that no other has", () => {
  const recorder = new Recorder(() => undefined);
  const ids = [1, 2].map(() => {
    recorder.predicted(subject, 12);
    const resource = batchOf(recorder)?.resourceMetrics[0]?.resource?.attributes;
    expect(attribute(resource, "service.name")).toBe("shop");
    expect(attribute(resource, "telemetry.sdk.name")).toBe("selvedge");
    expect(attribute(resource, "telemetry.sdk.version")).toBe(SDK_VERSION);
    return attribute(resource, BATCH_ID);
  });
  expect(ids).toEqual([expect.stringMatching(/^.{32,}$/), expect.stringMatching(/^.{32,}$/)]);
  expect(ids[0]).not.toBe(ids[1]);
});

test("a page that is no secure context, and so lacks randomUUID, still reports that failure", () => {
  vi.stubGlobal("crypto", { getRandomValues: crypto.getRandomValues.bind(crypto) });
  const recorder = new Recorder(() => undefined);
  recorder.failed({ model: "ocr-rec" }, "load", "insecure-context");
  expect(metricsOf(batchOf(recorder))).toHaveLength(1);
  vi.unstubAllGlobals();
});

test("durations become histograms in seconds, one a series, with the count and sum of what was seen", () => {
  const recorder = new Recorder(() => undefined);
  recorder.predicted(subject, 100);
  recorder.predicted(subject, 300);
  recorder.predicted({ ...subject, backend: "webgpu" }, 50);
  recorder.loaded(subject, "compile", 170);
  const [predict, load] = metricsOf(batchOf(recorder));
  expect(predict).toMatchObject({ name: METRICS.predictDuration, unit: "s" });
  const points = predict?.exponentialHistogram?.dataPoints ?? [];
  expect(points.map(({ count, sum }) => [count, sum])).toEqual([
    ["2", 0.4],
    ["1", 0.05],
  ]);
  expect(points.map(({ attributes }) => attribute(attributes, ATTRIBUTES.backend))).toEqual([
    "wasm",
    "webgpu",
  ]);
  expect(load).toMatchObject({ name: METRICS.loadDuration, unit: "s" });
  const [compile] = load?.exponentialHistogram?.dataPoints ?? [];
  expect(attribute(compile?.attributes, ATTRIBUTES.phase)).toBe("compile");
});

test("a call's stages, its batch and its engine's memory are measured", () => {
  const recorder = new Recorder(() => undefined);
  const facts = { queueMs: 10, runMs: 80, batchSize: 4, engineBytes: 2 ** 25 };
  recorder.predicted(subject, 100, facts);
  recorder.predicted(subject, 100, facts);
  const metrics = metricsOf(batchOf(recorder));
  const seen = metrics.flatMap(({ name, unit, exponentialHistogram }) =>
    (exponentialHistogram?.dataPoints ?? []).map(({ attributes, count, sum }) => [
      name,
      attribute(attributes, ATTRIBUTES.phase),
      `${sum} ${unit} of ${count}`,
    ]),
  );
  expect(seen).toEqual([
    [METRICS.predictDuration, undefined, "0.2 s of 2"],
    [METRICS.predictStageDuration, "queue", "0.02 s of 2"],
    [METRICS.predictStageDuration, "run", "0.16 s of 2"],
    [METRICS.predictStageDuration, "transfer", "0.02 s of 2"],
    [METRICS.batchSize, undefined, "8 {item} of 2"],
    // What does not change is told once a batch.
    [METRICS.engineMemory, undefined, "33554432 By of 1"],
  ]);
});

test("clocks that disagree make no transfer of less than nothing", () => {
  const recorder = new Recorder(() => undefined);
  recorder.predicted(subject, 10, { queueMs: 5, runMs: 5.2, batchSize: 1 });
  const [, stages] = metricsOf(batchOf(recorder));
  const transfer = stages?.exponentialHistogram?.dataPoints.at(-1);
  expect(transfer).toMatchObject({ zeroCount: "1", min: 0, negative: { bucketCounts: [] } });
});

test.each([
  [{ bytes: 100, fetchedBytes: 0 }, "stored", 0, 100],
  [{ bytes: 100, fetchedBytes: 30 }, "partly-stored", 30, 70],
  [{ bytes: 100, fetchedBytes: 100 }, "fetched", 100, 0],
  // What was spoiled on the way was fetched twice.
  [{ bytes: 100, fetchedBytes: 120 }, "fetched", 120, 0],
])("a load of %o is one that was %s", (bytes, reason, fetched, stored) => {
  const recorder = new Recorder(() => undefined);
  recorder.loadedFrom(subject, bytes);
  const counted = new Map(
    metricsOf(batchOf(recorder)).map(({ name, sum }) => [name, sum?.dataPoints[0]]),
  );
  const loads = counted.get(METRICS.loads);
  expect(attribute(loads?.attributes, ATTRIBUTES.reason)).toBe(reason);
  expect(loads?.asInt).toBe("1");
  const bytesOf = (name: string) => Number(counted.get(name)?.asInt ?? 0);
  expect(bytesOf(METRICS.fetchedBytes)).toBe(fetched);
  expect(bytesOf(METRICS.storedBytes)).toBe(stored);
});

test("restarts say what the engine failed with, rejections what was wrong with the candidate", () => {
  const recorder = new Recorder(() => undefined);
  recorder.restarted({ backend: "wasm" }, "engine-crashed");
  recorder.rejected(subject, "slower");
  const [restarts, rejections] = metricsOf(batchOf(recorder));
  const [restart] = restarts?.sum?.dataPoints ?? [];
  expect(attribute(restart?.attributes, ATTRIBUTES.error)).toBe("engine-crashed");
  const [rejection] = rejections?.sum?.dataPoints ?? [];
  expect(attribute(rejection?.attributes, ATTRIBUTES.reason)).toBe("slower");
});

test("failures and bytes are counted, by code and by model", () => {
  const recorder = new Recorder(() => undefined);
  recorder.failed(subject, "predict", "run-failed");
  recorder.failed(subject, "predict", "run-failed");
  recorder.failed({ model: "ocr-rec" }, "load", "network");
  recorder.fetched(subject, 1000);
  recorder.fetched(subject, 24);
  const [failures, fetched] = metricsOf(batchOf(recorder));
  expect(failures).toMatchObject({ name: METRICS.failures, sum: { isMonotonic: true } });
  expect(failures?.sum?.dataPoints.map(({ asInt }) => asInt)).toEqual(["2", "1"]);
  expect(fetched).toMatchObject({ name: METRICS.fetchedBytes, unit: "By" });
  expect(fetched?.sum?.dataPoints.map(({ asInt }) => asInt)).toEqual(["1024"]);
});

test("each batch says what happened since the one before it, and from when to when", () => {
  const recorder = new Recorder(() => undefined);
  recorder.predicted(subject, 1);
  const start = Date.now() + 1000;
  batchOf(recorder, start);
  recorder.predicted(subject, 2);
  const [metric] = metricsOf(batchOf(recorder, start + 5000));
  const [point] = metric?.exponentialHistogram?.dataPoints ?? [];
  expect(point).toMatchObject({
    count: "1",
    sum: 0.002,
    startTimeUnixNano: `${start}000000`,
    timeUnixNano: `${start + 5000}000000`,
  });
  expect(batchOf(recorder)).toBeUndefined();
});

test("it says once that there is something, until that was taken", () => {
  const onFirst = vi.fn();
  const recorder = new Recorder(onFirst);
  recorder.predicted(subject, 1);
  recorder.failed(subject, "predict", "run-failed");
  expect(onFirst).toHaveBeenCalledTimes(1);
  batchOf(recorder);
  recorder.predicted(subject, 1);
  expect(onFirst).toHaveBeenCalledTimes(2);
});

/** Bytes that a device sends for so many calls of a model, as they are sent: in gzip. */
function sizeAfter(predictions: number): number {
  const recorder = new Recorder(() => undefined);
  // Park and Miller's generator: the same calls each time.
  let seed = 1;
  const random = () => {
    seed = (seed * 16807) % 2147483647;
    return seed / 2147483647;
  };
  for (let i = 0; i < predictions; i++) {
    const queueMs = 0.1 + 0.1 * random();
    const runMs = 12 * Math.exp(random() + random() - 1);
    const facts = { queueMs, runMs, batchSize: 1, engineBytes: 2 ** 25 };
    recorder.predicted(subject, queueMs + runMs + 0.4 + 0.3 * random(), facts);
  }
  return gzipSync(JSON.stringify(batchOf(recorder))).length;
}

test("a device sends a few hundred bytes, however many predictions it makes", () => {
  const few = sizeAfter(10);
  const many = sizeAfter(100_000);
  expect(few).toBeLessThan(1000);
  expect(many).toBeLessThan(1000);
  expect(many).toBeLessThan(few * 1.4);
});

test("a batch has the attributes of the closed list, and no others", () => {
  const recorder = new Recorder(() => undefined);
  recorder.predicted(subject, 1);
  recorder.loaded(subject, "read", 1);
  recorder.loadedFrom(subject, { bytes: 1, fetchedBytes: 1 });
  recorder.failed(subject, "predict", "run-failed");
  const keys = metricsOf(batchOf(recorder))
    .flatMap(({ sum, exponentialHistogram }) => [
      ...(sum?.dataPoints ?? []),
      ...(exponentialHistogram?.dataPoints ?? []),
    ])
    .flatMap(({ attributes = [] }) => attributes.map(({ key }) => key));
  expect([...new Set(keys)].sort()).toEqual(
    Object.entries(ATTRIBUTES)
      .filter(([key]) => !["browser", "device"].includes(key))
      .map(([, name]) => name)
      .sort(),
  );
});
