import { type OtlpBatch, PREDICTION_EVENT, toOtlpAttributes, toUnixNano } from "@selvedge/protocol";
import { expect, test } from "vitest";
import { decodeProto, encodeProto } from "../../../protocol/src/otlp-proto.fixture.ts";
import { toLogs } from "./otlp-batch.ts";
import { Recorder } from "./recorder.ts";
import { servedFor } from "./served.fixture.ts";
import { toBatches } from "./to-batch.ts";
import { Tracing } from "./tracing.ts";

const MESSAGES = {
  metrics: "MetricsRequest",
  logs: "LogsRequest",
  traces: "TracesRequest",
} as const;

/** As a stock reader of OTLP has it after it went over the wire: fields it does not know are gone. */
function receivedFrom({ signal, body }: OtlpBatch): unknown {
  const sent: unknown = JSON.parse(JSON.stringify(body));
  return decodeProto(MESSAGES[signal], encodeProto(MESSAGES[signal], sent));
}

/** Protobuf does not tell an empty list from none. */
function withoutEmptyLists(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutEmptyLists);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, inner]) => !(Array.isArray(inner) && inner.length === 0))
      .map(([key, inner]) => [key, withoutEmptyLists(inner)]),
  );
}

const subject = { model: "ocr-rec", version: "1.0.0", dtype: "fp32", backend: "wasm" };

function everyBatch(): readonly OtlpBatch[] {
  const recorder = new Recorder(() => undefined);
  for (const ms of [0, 0.2, 12, 80_000]) recorder.predicted(subject, ms);
  recorder.loaded(subject, "fetch", 320);
  recorder.loadedFrom(subject, { bytes: 12_000_000_000, fetchedBytes: 1 });
  recorder.failed({ model: "ocr-rec" }, "load", "network");
  recorder.restarted(subject, "engine-crashed");
  const tracing = new Tracing({ sample: 1 }, recorder, () => undefined);
  const call = { id: "0b1e", timings: { queueMs: 1, runMs: 2, totalMs: 4 } };
  tracing.begin("predict", {})?.end({ served: servedFor(0), call });
  tracing.begin("load", {})?.end({ subject, error: new Error("no") });
  const record = {
    timeUnixNano: toUnixNano(Date.now()),
    eventName: PREDICTION_EVENT,
    traceId: "0af7651916cd43dd8448eb211c80319c",
    attributes: toOtlpAttributes({ text: "größe", whole: 3, half: 0.5, isSo: true, huge: 1e300 }),
  };
  const measurements = recorder.take();
  return [
    ...toBatches({ measurements, finished: tracing.take() }, "shop"),
    toLogs("shop", [record]),
  ];
}

test("a reader of OTLP that is not ours finds in every request all that was said, and nothing it does not know", () => {
  const batches = everyBatch();
  expect(batches.map(({ signal }) => signal)).toEqual(["metrics", "traces", "logs"]);
  for (const batch of batches) expect(receivedFrom(batch)).toEqual(withoutEmptyLists(batch.body));
});

test("a field that OTLP does not have would not go unnoticed", () => {
  const [batch] = everyBatch();
  if (batch?.signal !== "metrics") throw new Error("no metrics");
  const [resource] = batch.body.resourceMetrics;
  const strange = { ...batch, body: { resourceMetrics: [{ ...resource, browser: "chrome" }] } };
  expect(receivedFrom(strange as OtlpBatch)).not.toEqual(withoutEmptyLists(strange.body));
});
