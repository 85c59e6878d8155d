import { toOtlpAttributes } from "@selvedge/protocol";
import { expect, test } from "vitest";
import { decodeLogs } from "./decode-logs.ts";

const NOW = Date.UTC(2026, 5, 1, 12);
const NANOS = `${NOW}000000`;

function decodeRecord(record: unknown) {
  const resource = { attributes: toOtlpAttributes({ "selvedge.batch.id": "a" }) };
  const body = { resourceLogs: [{ resource, scopeLogs: [{ logRecords: [record] }] }] };
  const { batches, refusals } = decodeLogs(body, NOW);
  return { batches, refusals, record: batches[0]?.records[0] };
}

test("reads a record with its time, severity, body and labels", () => {
  const { batches, record } = decodeRecord({
    timeUnixNano: NANOS,
    severityNumber: 17,
    body: { stringValue: "the engine crashed" },
    attributes: toOtlpAttributes({ "error.type": "engine-crashed", attempt: 2 }),
  });
  expect(batches[0]?.id).toBe("a");
  expect(record).toEqual({
    timeMs: NOW,
    severity: 17,
    body: "the engine crashed",
    labels: { error: "engine-crashed" },
    attributes: '{"attempt":2}',
    resource: undefined,
    event: undefined,
    prediction: undefined,
    trace: undefined,
  });
});

test("takes the time a record was observed where it has no other", () => {
  for (const timeUnixNano of [undefined, 0, "0"])
    expect(decodeRecord({ timeUnixNano, observedTimeUnixNano: NANOS }).record?.timeMs).toBe(NOW);
});

test("leaves out what has no place in a record", () => {
  const body = { arrayValue: { values: [] } };
  const { record } = decodeRecord({ timeUnixNano: NANOS, severityNumber: 99, body });
  expect(record).toMatchObject({ severity: undefined, body: undefined });
});

test.each<[string, unknown]>([
  ["no time", {}],
  ["an absurd time", { timeUnixNano: "99999999999999999999" }],
  ["a time that is a list", { timeUnixNano: [[NANOS]] }],
  ["a body without end", { timeUnixNano: NANOS, body: { stringValue: "x".repeat(8193) } }],
  [
    "an attribute without end",
    { timeUnixNano: NANOS, attributes: toOtlpAttributes({ k: "v".repeat(4097) }) },
  ],
])("refuses a record with %s", (_, record) => {
  const { batches, refusals } = decodeRecord(record);
  expect(refusals.count).toBe(1);
  expect(batches[0]?.records).toEqual([]);
});

test.each<[string, unknown]>([
  ["a record that is no object", { resourceLogs: [{ scopeLogs: [{ logRecords: ["x"] }] }] }],
  ["records that are no list", { resourceLogs: [{ scopeLogs: [{ logRecords: {} }] }] }],
  ["no object", 7],
])("says that %s is not OTLP", (_, body) => {
  expect(() => decodeLogs(body, NOW)).toThrow(
    expect.objectContaining({ code: "telemetry-invalid" }),
  );
});

test("says when there are too many records", () => {
  const logRecords = new Array(10_001).fill({ timeUnixNano: NANOS });
  expect(() => decodeLogs({ resourceLogs: [{ scopeLogs: [{ logRecords }] }] }, NOW)).toThrow(
    expect.objectContaining({ code: "telemetry-too-large" }),
  );
});
