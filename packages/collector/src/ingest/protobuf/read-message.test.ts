import { BATCH_ID, SelvedgeError, toOtlpAttributes } from "@selvedge/protocol";
import fc from "fast-check";
import { expect, test } from "vitest";
import { encodeProto } from "../../../../protocol/src/otlp-proto.fixture.ts";
import {
  failureMetric,
  metricsRequest,
  predictionMetric,
  predictionPoint,
} from "../../fixtures/otlp-request.ts";
import { decodeLogs } from "../decode-logs.ts";
import { decodeMetrics } from "../decode-metrics.ts";
import { decodeTraces } from "../decode-traces.ts";
import { type MessageSchema, message } from "./message-schema.ts";
import { LOGS_REQUEST, METRICS_REQUEST, TRACES_REQUEST } from "./otlp-messages.ts";
import { readMessage } from "./read-message.ts";

const NOW = Date.now();
const NANOS = `${NOW}000000`;

/** How many messages are made up; `npm run soak` sets the full count. */
const RUNS = Number(process.env["SELVEDGE_FUZZ"] ?? 300);

const read = (schema: MessageSchema, ...bytes: (number | Uint8Array)[]) =>
  readMessage(
    Buffer.concat(bytes.map((part) => (typeof part === "number" ? Buffer.of(part) : part))),
    schema,
  );

/** A field of wire type 2. */
const field = (number: number, ...parts: (number | Uint8Array)[]) => {
  const bytes = Buffer.concat(parts.map((p) => (typeof p === "number" ? Buffer.of(p) : p)));
  return Buffer.concat([varint((number << 3) | 2), varint(bytes.length), bytes]);
};

function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  for (; rest > 0x7f; rest = Math.floor(rest / 0x80)) bytes.push((rest % 0x80) | 0x80);
  return Buffer.from([...bytes, rest]);
}

const ALL = message(
  [1, "text", "string"],
  [2, "flag", "bool"],
  [3, "small", "int32"],
  [4, "zigzag", "sint32"],
  [5, "signed", "int64"],
  [6, "fixed", "fixed64"],
  [7, "signedFixed", "sfixed64"],
  [8, "real", "double"],
  [9, "id", "hex"],
  [10, "counts", "uint64", "repeated"],
  [11, "inner", message([1, "text", "string"], [3, "small", "int32"])],
);

test("reads a field of every type", () => {
  const real = Buffer.alloc(8);
  real.writeDoubleLE(-0.25);
  const minus = Buffer.alloc(8, 0xff);
  const ten = Buffer.from([0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01]);
  expect(
    read(
      ALL,
      ...[field(1, Buffer.from("größe")), 0x10, 1, 0x18, ten, 0x20, 3, 0x28, ten, 0x31, minus],
      ...[0x39, minus, 0x41, real, field(9, 0xab, 0x0c), field(11, 0x18, 5)],
    ),
  ).toEqual({
    text: "größe",
    flag: true,
    small: -1,
    zigzag: -2,
    signed: -1,
    fixed: "18446744073709551615",
    signedFixed: -1,
    real: -0.25,
    id: "ab0c",
    inner: { small: 5 },
  });
});

test("reads lists packed, one by one, and both ways in one message", () => {
  expect(read(ALL, field(10, 1, 2), 0x50, 3, field(10), field(10, varint(300)))).toEqual({
    counts: [1, 2, 3, 300],
  });
});

test("skips fields it does not know, and puts the parts of a message together", () => {
  expect(
    read(
      ALL,
      ...[field(99, 1, 2, 3), 0x60, 7, 0x65, Buffer.alloc(4), 0x61, Buffer.alloc(8)],
      ...[field(11, field(1, 0x61)), field(11, 0x18, 4), field(11, 0x18, 5)],
    ),
  ).toEqual({ inner: { text: "a", small: 5 } });
});

test.each<[string, (number | Uint8Array)[]]>([
  ["a varint that never ends", [0x10, Buffer.alloc(11, 0xff)]],
  ["a varint of more than 64 bits", [0x28, Buffer.alloc(9, 0xff), 0x02]],
  ["a varint that is cut", [0x10, 0x80]],
  ["a double that is cut", [0x41, 0, 0]],
  ["a text that is cut", [0x0a, 5, 0x61]],
  ["a length of 4 GB", [0x0a, 0xff, 0xff, 0xff, 0xff, 0x0f]],
  ["a length of more than 32 bits", [0x0a, Buffer.alloc(9, 0xff), 0x01]],
  ["a length of an unknown field beyond the end", [0x62, 9]],
  ["a text beyond its message", [0x5a, 2, 0x0a, 3, 0x61, 0x61, 0x61]],
  ["a number beyond its message", [0x5a, 1, 0x18, 5]],
  ["a packed number beyond its list", [0x52, 1, 0x80, 0x01]],
  ["the field number 0", [0x00, 0]],
  ["a field number of more than 29 bits", [Buffer.alloc(5, 0xff), 0x7f, 0]],
  ["a group", [0x0b, 0x0c]],
  ["a group among unknown fields", [0x63, 0x64]],
  ["a wire type that does not exist", [0x66]],
  ["a text as a number", [field(3, 0x61)]],
  ["a number as a message", [0x58, 1]],
  ["a text that is not UTF-8", [field(1, 0xc3, 0x28)]],
])("refuses %s", (_, bytes) => {
  expect(() => read(ALL, ...bytes)).toThrow(
    expect.objectContaining({ code: "telemetry-invalid", message: expect.stringMatching(/\.$/) }),
  );
});

test("takes the character that stands for what cannot be decoded, where it was sent", () => {
  expect(read(ALL, field(1, Buffer.from("\uFFFD")))).toEqual({ text: "\uFFFD" });
});

test("refuses more values than memory should hold, however few bytes they take", () => {
  const many = Buffer.alloc(2_000_002, Buffer.of(0x0a, 0x00));
  expect(() => read(METRICS_REQUEST, many)).toThrow(
    expect.objectContaining({ code: "telemetry-too-large" }),
  );
  expect(() => read(ALL, field(10, Buffer.alloc(1_000_001)))).toThrow(
    expect.objectContaining({ code: "telemetry-too-large" }),
  );
});

test("skips values of attributes that are nested without end", () => {
  let value = field(1, Buffer.from("deep"));
  for (let depth = 0; depth < 10_000; depth++) value = field(5, field(1, value));
  const attribute = Buffer.concat([field(1, Buffer.from("list")), field(2, value)]);
  const body = field(1, field(1, field(1, attribute)));
  expect(read(METRICS_REQUEST, body)).toEqual({
    resourceMetrics: [{ resource: { attributes: [{ key: "list", value: {} }] } }],
  });
});

const nanos = fc.integer({ min: 0, max: 999_999_999 }).map((n) => `${NOW}${n}`.slice(0, 19));
const value = fc.oneof(
  fc.string({ unit: "grapheme" }).map((stringValue) => ({ stringValue })),
  fc.boolean().map((boolValue) => ({ boolValue })),
  fc.maxSafeInteger().map((intValue) => ({ intValue: String(intValue) })),
  fc.double({ noNaN: true, noDefaultInfinity: true }).map((doubleValue) => ({ doubleValue })),
  fc.constant({ arrayValue: { values: [{ stringValue: "no label" }] } }),
);
const attributes = fc.array(
  fc.record({
    key: fc.oneof(
      fc.string({ minLength: 1, maxLength: 20 }),
      fc.constantFrom("selvedge.model.name", "selvedge.prediction.id", "__proto__"),
    ),
    value,
  }),
  { maxLength: 5 },
);
const count = fc.nat({ max: 1e9 });
const hex = (digits: number) =>
  fc
    .array(fc.integer({ min: 0, max: 15 }), { minLength: digits, maxLength: digits })
    .map((all) => all.map((digit) => digit.toString(16)).join(""));
const series = fc.record({
  attributes,
  counts: fc.array(count, { maxLength: 5 }),
  offset: fc.integer({ min: -2000, max: 2000 }),
  scale: fc.integer({ min: -11, max: 21 }),
  real: fc.double({ noNaN: true }),
  timeUnixNano: nanos,
});
const resource = attributes.map((own) => ({
  attributes: [...own, ...toOtlpAttributes({ [BATCH_ID]: "a", "selvedge.browser": "chrome 156" })],
}));

const metrics = fc.record({ all: fc.array(series, { maxLength: 3 }), resource }).map((drawn) => {
  const points = drawn.all.map(({ counts, offset, real, ...point }) => {
    const count = String(counts.reduce((sum, n) => sum + n, 0));
    const bucketCounts = counts.map(String);
    const positive = { offset, bucketCounts };
    return {
      exponential: { ...point, count, sum: real, min: -1, positive },
      explicit: { ...point, count, bucketCounts, explicitBounds: counts.slice(1).map((_, i) => i) },
      number: { ...point, ...(offset > 0 ? { asInt: String(offset) } : { asDouble: real }) },
    };
  });
  const delta = { aggregationTemporality: 1 };
  const metrics = [
    { name: "e", exponentialHistogram: { ...delta, dataPoints: points.map((p) => p.exponential) } },
    {
      name: "selvedge.distribution",
      histogram: { ...delta, dataPoints: points.map((p) => p.explicit) },
    },
    { name: "s", sum: { ...delta, isMonotonic: true, dataPoints: points.map((p) => p.number) } },
    { name: "g", gauge: { dataPoints: points.map((p) => p.number) } },
  ];
  return { resourceMetrics: [{ resource: drawn.resource, scopeMetrics: [{ metrics }] }] };
});

const logs = fc
  .record({
    resource,
    logRecords: fc.array(
      fc.record(
        {
          timeUnixNano: nanos,
          observedTimeUnixNano: nanos,
          severityNumber: fc.integer({ min: 0, max: 30 }),
          body: value,
          attributes,
          traceId: hex(32),
          eventName: fc.string(),
        },
        { requiredKeys: [] },
      ),
      { maxLength: 4 },
    ),
  })
  .map(({ resource, logRecords }) => ({
    resourceLogs: [{ resource, scopeLogs: [{ logRecords }] }],
  }));

const traces = fc
  .record({
    resource,
    spans: fc.array(
      fc.record(
        {
          traceId: hex(32),
          spanId: hex(16),
          parentSpanId: hex(16),
          name: fc.string(),
          kind: fc.integer({ min: 0, max: 9 }),
          startTimeUnixNano: nanos,
          endTimeUnixNano: nanos,
          attributes,
          status: fc.record({ code: fc.integer({ min: 0, max: 3 }), message: fc.string() }),
        },
        { requiredKeys: ["traceId", "spanId", "startTimeUnixNano", "endTimeUnixNano"] },
      ),
      { maxLength: 4 },
    ),
  })
  .map(({ resource, spans }) => ({ resourceSpans: [{ resource, scopeSpans: [{ spans }] }] }));

test("what protobufjs has written is stored just as the same request in JSON is", () => {
  const refusalsOf = ({
    batches,
    refusals,
  }: ReturnType<typeof decodeMetrics | typeof decodeLogs | typeof decodeTraces>) => ({
    batches,
    refused: refusals.count,
    why: refusals.message,
  });
  const same = fc.property(metrics, logs, traces, (metrics, logs, traces) => {
    expect(
      refusalsOf(
        decodeMetrics(readMessage(encodeProto("MetricsRequest", metrics), METRICS_REQUEST), NOW),
      ),
    ).toEqual(refusalsOf(decodeMetrics(metrics, NOW)));
    expect(
      refusalsOf(decodeLogs(readMessage(encodeProto("LogsRequest", logs), LOGS_REQUEST), NOW)),
    ).toEqual(refusalsOf(decodeLogs(logs, NOW)));
    expect(
      refusalsOf(
        decodeTraces(readMessage(encodeProto("TracesRequest", traces), TRACES_REQUEST), NOW),
      ),
    ).toEqual(refusalsOf(decodeTraces(traces, NOW)));
  });
  fc.assert(same, { numRuns: RUNS, seed: 7 });
});

test("bytes that were changed or cut are read, or refused as no protobuf", () => {
  const whole = encodeProto(
    "MetricsRequest",
    metricsRequest("a", [predictionMetric(predictionPoint([0.1, 0.2])), failureMetric(3)]),
  );
  const span = { traceId: "ab".repeat(16), spanId: "cd".repeat(8), name: "load" };
  const times = { startTimeUnixNano: NANOS, endTimeUnixNano: NANOS };
  const spans = encodeProto("TracesRequest", {
    resourceSpans: [{ scopeSpans: [{ spans: [{ ...span, ...times, status: { code: 2 } }] }] }],
  });
  const change = fc.record({ at: fc.nat(), byte: fc.integer({ min: 0, max: 255 }) });
  let refused = 0;
  fc.assert(
    fc.property(
      fc.constantFrom(
        [whole, METRICS_REQUEST, decodeMetrics] as const,
        [spans, TRACES_REQUEST, decodeTraces] as const,
      ),
      fc.array(change, { minLength: 1, maxLength: 4 }),
      fc.option(fc.nat()),
      ([bytes, schema, decode], changes, cut) => {
        const changed = Buffer.from(cut === null ? bytes : bytes.subarray(0, cut % bytes.length));
        for (const { at, byte } of changes)
          if (changed.length > 0) changed[at % changed.length] = byte;
        try {
          decode(readMessage(changed, schema), NOW);
        } catch (error) {
          expect(error).toBeInstanceOf(SelvedgeError);
          refused += 1;
        }
      },
    ),
    { numRuns: RUNS * 5, seed: 11 },
  );
  expect(refused).toBeGreaterThan(0);
});

test("bytes of any kind are read, or refused as no protobuf", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      try {
        readMessage(Buffer.from(bytes), METRICS_REQUEST);
      } catch (error) {
        expect(error).toMatchObject({ code: "telemetry-invalid" });
      }
    }),
    { numRuns: RUNS * 5, seed: 13 },
  );
});
