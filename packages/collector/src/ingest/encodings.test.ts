import { toUnixNano } from "@selvedge/protocol";
import { afterEach, beforeEach, expect, test } from "vitest";
import { decodeProto, encodeProto } from "../../../protocol/src/otlp-proto.fixture.ts";
import { failureMetric, metricsRequest } from "../fixtures/otlp-request.ts";
import {
  type RecordingCollector,
  startRecordingCollector,
} from "../fixtures/recording-collector.ts";
import { writeExportAnswer } from "./protobuf/write-answer.ts";

const PROTOBUF = "application/x-protobuf";

let collector: RecordingCollector;
beforeEach(async () => {
  collector = await startRecordingCollector();
});
afterEach(() => collector.close());

async function post(body: Uint8Array<ArrayBuffer>, type = PROTOBUF) {
  const response = await fetch(`${collector.url}/v1/metrics`, {
    method: "POST",
    headers: { "content-type": type },
    body,
  });
  const { status, headers } = response;
  const bytes = new Uint8Array(await response.arrayBuffer());
  return { status, type: headers.get("content-type"), bytes };
}

const metrics = (...counts: string[]) =>
  new Uint8Array(
    encodeProto(
      "MetricsRequest",
      metricsRequest(
        "a",
        counts.map((asInt) => failureMetric(1, { asInt })),
      ),
    ),
  );

test("what came in protobuf is answered in protobuf: with nothing, or with what was refused and why", async () => {
  const whole = await post(metrics("1"));
  expect([whole.status, whole.type, whole.bytes.length]).toEqual([200, PROTOBUF, 0]);
  const part = await post(metrics("1", "-1", "-2"));
  expect([part.status, part.type]).toEqual([200, PROTOBUF]);
  expect(decodeProto("ExportResponse", part.bytes)).toEqual({
    partialSuccess: { rejected: "2", errorMessage: expect.stringMatching(/^2 × its value/) },
  });
});

test("spans that are refused are counted and named in the answer, and the others are stored", async () => {
  const startMs = Date.now();
  const span = (spanId: string, endMs: number) => ({
    ...{ traceId: "0af7651916cd43dd8448eb211c80319c", spanId, name: "selvedge.predict" },
    ...{ startTimeUnixNano: toUnixNano(startMs), endTimeUnixNano: toUnixNano(endMs) },
  });
  const spans = [span("b7ad6b7169203331", startMs + 5), span("b7ad6b7169203332", startMs - 5)];
  const response = await fetch(`${collector.url}/v1/traces`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ resourceSpans: [{ scopeSpans: [{ spans }] }] }),
  });
  expect(response.status).toBe(200);
  expect(await response.json()).toEqual({
    partialSuccess: { rejectedSpans: "1", errorMessage: expect.stringMatching(/ends before/) },
  });
  expect(collector.store.spans.map((stored) => stored.span)).toEqual(["b7ad6b7169203331"]);
});

test("what is no protobuf is answered with a Status in protobuf", async () => {
  const { status, type, bytes } = await post(new Uint8Array([0xff]), `${PROTOBUF}; charset=x`);
  expect([status, type]).toEqual([400, PROTOBUF]);
  expect(decodeProto("RpcStatus", bytes)).toEqual({
    code: 3,
    message: expect.stringMatching(/not valid protobuf/),
  });
});

test("counts and reasons of any length are written as protobuf has them", () => {
  for (const rejected of [1, 127, 128, 300, 10_000, 2 ** 40])
    for (const errorMessage of ["x", "größe".repeat(100)])
      expect(decodeProto("ExportResponse", writeExportAnswer(rejected, errorMessage))).toEqual({
        partialSuccess: { rejected: String(rejected), errorMessage },
      });
});
