import {
  ATTRIBUTES,
  FEEDBACK,
  METRICS,
  type OtlpBatch,
  START_METRICS,
  STARTS,
} from "@selvedge/protocol";
import { expect, test } from "vitest";
import { decodeProto, encodeProto } from "../../../protocol/src/otlp-proto.fixture.ts";
import { distributionBatch } from "../distributions/distribution-batch.ts";
import { logRecord } from "../predictions/log-record.ts";
import { dropReport } from "./drop-report.ts";
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
const attributes = { [ATTRIBUTES.model]: "ocr-rec", [ATTRIBUTES.version]: "1.0.0" };

/** All that the page records by itself. */
function recorded(): readonly OtlpBatch[] {
  const recorder = new Recorder(() => undefined);
  for (const ms of [0, 0.2, 12, 80_000]) recorder.predicted(subject, ms);
  recorder.loaded(subject, "fetch", 320);
  recorder.loadedFrom(subject, { bytes: 12_000_000_000, fetchedBytes: 1 });
  recorder.failed({ model: "ocr-rec" }, "load", "network");
  recorder.restarted(subject, "engine-crashed");
  recorder.count(METRICS.feedback, { ...attributes, [FEEDBACK.label]: "größe" });
  recorder.measure(METRICS.feedbackError, attributes, 1e300);
  recorder.count(START_METRICS.starts, { ...attributes, [STARTS.step]: "run" });
  recorder.measure(START_METRICS.imageBytes, attributes, 16_588_800);
  const tracing = new Tracing({ sample: 1 }, recorder, () => undefined);
  const call = { id: "0b1e", timings: { queueMs: 1, runMs: 2, totalMs: 4 } };
  tracing.begin("predict", {})?.end({ served: servedFor(0), call });
  tracing.begin("load", {})?.end({ subject, error: new Error("no") });
  return toBatches({ measurements: recorder.take(), finished: tracing.take() }, "shop");
}

/** Where values of features lie, what is told of a prediction, and what was given up. */
async function gathered(): Promise<readonly OtlpBatch[]> {
  const of = { side: "input", tensor: "x", counts: [], missing: 0 } as const;
  const feature = { ...of, name: "x", measure: "value", edges: [-1.5, 0.25, 1e9] } as const;
  const contributed = {
    ...{ attributes, contributor: "c".repeat(32), epsilon: 2.5, since: Date.now() },
    features: [{ feature, counts: [0, 3, 1, 0], irregular: { missing: 2 } }],
  };
  const digest = { dtype: "float32", dims: [1, 4], sha256: "1".repeat(64) } as const;
  const record = await logRecord({
    ...{ ...subject, id: "0b1e", at: Date.now(), digest: "2".repeat(64), salt: "3".repeat(32) },
    ...{ build: "wasm", runtime: "onnxruntime-web 1.30.0", adapter: "none", browser: "größe 1" },
    ...{ inputs: { x: digest }, outputs: {}, timings: { queueMs: 0.5, runMs: 2, totalMs: 3 } },
    traceId: "0af7651916cd43dd8448eb211c80319c",
  });
  return [
    distributionBatch(contributed, { service: "shop", until: Date.now() }),
    toLogs("shop", [record]),
    dropReport({ "too-old": 3, "too-many-bytes": 2 ** 40 }, { resource: undefined }),
  ];
}

test("a reader of OTLP that is not ours finds in every request all that was said, and nothing it does not know", async () => {
  const batches = [...recorded(), ...(await gathered())];
  expect(batches.map(({ signal }) => signal)).toEqual([
    ...["metrics", "traces", "metrics", "logs", "metrics"],
  ]);
  for (const batch of batches) expect(receivedFrom(batch)).toEqual(withoutEmptyLists(batch.body));
});

test("a field that OTLP does not have would not go unnoticed", () => {
  const [batch] = recorded();
  if (batch?.signal !== "metrics") throw new Error("no metrics");
  const [resource] = batch.body.resourceMetrics;
  const strange = { ...batch, body: { resourceMetrics: [{ ...resource, browser: "chrome" }] } };
  expect(receivedFrom(strange as OtlpBatch)).not.toEqual(withoutEmptyLists(strange.body));
});
