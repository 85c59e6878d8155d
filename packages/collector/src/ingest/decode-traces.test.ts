import { ATTRIBUTES, BATCH_ID, PREDICTION, toOtlpAttributes } from "@selvedge/protocol";
import { expect, test } from "vitest";
import { decodeTraces } from "./decode-traces.ts";

const NOW = Date.UTC(2026, 5, 1, 12);

const SPAN = {
  traceId: "0AF7651916CD43DD8448EB211C80319C",
  spanId: "b7ad6b7169203331",
  name: "selvedge.predict",
  startTimeUnixNano: `${NOW}250000`,
  endTimeUnixNano: `${NOW + 12}750000`,
};

function decodeSpan(replaced: Readonly<Record<string, unknown>>) {
  const resource = {
    attributes: toOtlpAttributes({ [BATCH_ID]: "a", [ATTRIBUTES.device]: "mobile-low" }),
  };
  const spans = [{ ...SPAN, ...replaced }];
  const { batches, refusals } = decodeTraces(
    { resourceSpans: [{ resource, scopeSpans: [{ spans }] }] },
    NOW,
  );
  return { batches, refusals, span: batches[0]?.spans[0] };
}

test("reads a span with its times, parent, status, prediction and labels", () => {
  const attributes = toOtlpAttributes({
    [ATTRIBUTES.model]: "rec",
    [PREDICTION.id]: "p-1",
    [PREDICTION.queueMs]: 1.5,
  });
  const parentSpanId = "00F067AA0BA902B7";
  const { batches, span } = decodeSpan({ attributes, parentSpanId, status: { code: 2 } });
  expect(batches[0]?.id).toBe("a");
  expect(span).toEqual({
    timeMs: NOW,
    timeUs: 250,
    durationMs: 12.5,
    name: "selvedge.predict",
    trace: "0af7651916cd43dd8448eb211c80319c",
    span: "b7ad6b7169203331",
    parent: "00f067aa0ba902b7",
    isError: true,
    prediction: "p-1",
    labels: { model: "rec", device: "mobile-low" },
    attributes: '{"selvedge.queue.ms":1.5}',
    resource: undefined,
  });
});

test.each([
  [`${NOW}250999`, NOW, 250],
  [`${NOW}999999`, NOW, 999],
  [`${NOW + 1}000000`, NOW + 1, 0],
])("a span begins at a microsecond: %s", (startTimeUnixNano, timeMs, timeUs) => {
  const endTimeUnixNano = `${NOW + 5}000000`;
  expect(decodeSpan({ startTimeUnixNano, endTimeUnixNano }).span).toMatchObject({ timeMs, timeUs });
});

test("a span that says no more than it has to is whole", () => {
  expect(
    decodeSpan({ name: undefined, parentSpanId: "", status: { code: 77 }, kind: 99 }).span,
  ).toMatchObject({
    name: "",
    parent: undefined,
    isError: false,
    prediction: undefined,
  });
});

test.each<[string, Readonly<Record<string, unknown>>]>([
  ["no trace", { traceId: undefined }],
  ["a trace of zeros", { traceId: "0".repeat(32) }],
  ["a trace that is too short", { traceId: "ab" }],
  ["a span id that is no hex", { spanId: "zzzzzzzzzzzzzzzz" }],
  ["no start", { startTimeUnixNano: undefined }],
  ["an end in 1970", { endTimeUnixNano: "1000000000" }],
  ["an end before its start", { endTimeUnixNano: `${NOW - 1}000000` }],
  ["a time that is not finite", { endTimeUnixNano: Number.POSITIVE_INFINITY }],
  ["a name without end", { name: "n".repeat(1025) }],
  ["a name that is none", { name: {} }],
  ["attributes that are no list", { attributes: 7 }],
])("refuses a span with %s", (_, replaced) => {
  const { refusals, span } = decodeSpan(replaced);
  expect([refusals.count, span]).toEqual([1, undefined]);
});
