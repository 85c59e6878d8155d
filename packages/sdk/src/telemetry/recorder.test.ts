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

test("a batch does not grow with the number of predictions", () => {
  const recorder = new Recorder(() => undefined);
  const sizeAfter = (predictions: number) => {
    for (let i = 0; i < predictions; i++) recorder.predicted(subject, 10 ** (i % 5));
    return JSON.stringify(batchOf(recorder)).length;
  };
  const few = sizeAfter(100);
  expect(sizeAfter(20_000)).toBeLessThan(few * 1.5);
});

test("a batch has the attributes of the closed list, and no others", () => {
  const recorder = new Recorder(() => undefined);
  recorder.predicted(subject, 1);
  recorder.loaded(subject, "read", 1);
  recorder.fetched(subject, 1);
  recorder.failed(subject, "predict", "run-failed");
  const keys = metricsOf(batchOf(recorder))
    .flatMap(({ sum, exponentialHistogram }) => [
      ...(sum?.dataPoints ?? []),
      ...(exponentialHistogram?.dataPoints ?? []),
    ])
    .flatMap(({ attributes = [] }) => attributes.map(({ key }) => key));
  expect([...new Set(keys)].sort()).toEqual(
    Object.entries(ATTRIBUTES)
      .filter(([key]) => !["browser", "device", "reason"].includes(key))
      .map(([, name]) => name)
      .sort(),
  );
});
