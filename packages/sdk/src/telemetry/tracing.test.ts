import { ATTRIBUTES, METRICS, type OtlpSpan, PREDICTION, SelvedgeError } from "@selvedge/protocol";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { Recorder } from "./recorder.ts";
import { servedFor } from "./served.fixture.ts";
import { toBatches } from "./to-batch.ts";
import type { TraceParent } from "./trace-context.ts";
import { type Operation, type Outcome, Tracing } from "./tracing.ts";

const TRACE = "0af7651916cd43dd8448eb211c80319c";
const SPAN = "b7ad6b7169203331";
const AT = 1_795_000_000_000;

let now: number;
let recorder: Recorder;

beforeEach(() => {
  now = 1000;
  recorder = new Recorder(() => undefined);
  vi.spyOn(performance, "now").mockImplementation(() => now);
  vi.spyOn(Date, "now").mockReturnValue(AT);
});

afterEach(() => {
  vi.restoreAllMocks();
});

function tracing(sample: number, onFirst = () => undefined): Tracing {
  return new Tracing({ sample }, recorder, onFirst);
}

/** An operation from beginning to end. */
function trace(
  by: Tracing,
  operation: Operation,
  {
    parent = {},
    durationMs = 0,
    ...outcome
  }: Outcome & { parent?: TraceParent; durationMs?: number },
): string | undefined {
  const span = by.begin(operation, parent);
  now += durationMs;
  span?.end(outcome);
  return span?.traceparent;
}

function spansOf(by: Tracing): readonly OtlpSpan[] {
  const [batch] = toBatches({ measurements: undefined, finished: by.take() }, "shop");
  return batch?.signal === "traces"
    ? (batch.body.resourceSpans[0]?.scopeSpans[0]?.spans ?? [])
    : [];
}

/** Milliseconds from the beginning. */
const timesOf = ({ startTimeUnixNano, endTimeUnixNano }: OtlpSpan) =>
  [startTimeUnixNano, endTimeUnixNano].map(
    (nanos) => Number(BigInt(nanos) - BigInt(AT) * 1_000_000n) / 1e6,
  );

const predicted = (timings: { queueMs: number; runMs: number; totalMs: number }): Outcome => ({
  served: servedFor(now),
  call: { id: "0b1e", timings },
});

test("a prediction is a span with its stages, which lie within it", () => {
  const all = tracing(1);
  const timings = { queueMs: 10, runMs: 70, totalMs: 100 };
  const traceparent = trace(all, "predict", { ...predicted(timings), durationMs: 100 });
  const [whole, queue, run] = spansOf(all);
  expect(traceparent).toBe(`00-${whole?.traceId}-${whole?.spanId}-03`);
  expect(whole).toMatchObject({ name: "selvedge.predict", kind: 1 });
  expect(whole).not.toHaveProperty("status");
  const texts = whole?.attributes?.map(({ key, value }) => [key, Object.values(value)[0]]) ?? [];
  expect(Object.fromEntries(texts)).toEqual({
    [ATTRIBUTES.model]: "ocr-rec",
    [ATTRIBUTES.version]: "1.0.0",
    [ATTRIBUTES.dtype]: "fp32",
    [ATTRIBUTES.backend]: "wasm",
    [PREDICTION.digest]: "ab".repeat(32),
    [PREDICTION.id]: "0b1e",
    [PREDICTION.queueMs]: "10",
    [PREDICTION.runMs]: "70",
    [PREDICTION.totalMs]: "100",
  });
  const below = { traceId: whole?.traceId, parentSpanId: whole?.spanId };
  expect(queue).toMatchObject({ ...below, name: "selvedge.predict.queue" });
  expect(run).toMatchObject({ ...below, name: "selvedge.predict.run" });
  expect([whole, queue, run].map((span) => span && timesOf(span))).toEqual([
    [0, 100],
    [0, 10],
    [20, 90],
  ]);
});

test("a load is a span with its stages, in the order in which they must have happened", () => {
  const all = tracing(0);
  trace(all, "load", { served: servedFor(now), durationMs: 400 });
  const [whole, ...stages] = spansOf(all);
  expect(whole).toMatchObject({ name: "selvedge.load" });
  expect(stages.map((span) => [span.name.split(".").at(-1), ...timesOf(span)])).toEqual([
    ["spawn", 0, 100],
    ["resolve", 170, 190],
    ["fetch", 190, 270],
    ["compile", 100, 160],
    ["import", 100, 130],
    ["read", 270, 310],
    ["create", 310, 400],
  ]);
});

test("what failed says its code, and nothing of the message or the app's own reasons", () => {
  const all = tracing(1);
  const errors = [
    new SelvedgeError("network", "https://secret.test/ could not be reached"),
    new DOMException("secret", "AbortError"),
    new (class extends Error {
      override name = "secret";
    })("secret"),
  ];
  for (const error of errors) trace(all, "load", { subject: { model: "ocr-rec" }, error });
  const spans = spansOf(all);
  const typeOf = ({ attributes }: OtlpSpan) =>
    attributes?.find(({ key }) => key === ATTRIBUTES.error)?.value.stringValue;
  expect(spans.map(typeOf)).toEqual(["network", "AbortError", "_OTHER"]);
  expect(spans.map(({ status }) => status)).toEqual([
    { code: 2, message: "network" },
    undefined,
    undefined,
  ]);
  expect(JSON.stringify(spans)).not.toContain("secret");
});

describe("a trace that is handed over", () => {
  const parent = { traceparent: `00-${TRACE}-${SPAN}-01`, tracestate: "congo=t61" };

  test("goes on, with its state, and is recorded where it says so", () => {
    const none = tracing(0);
    const passedOn = trace(none, "predict", { parent });
    const [span] = spansOf(none);
    expect(span).toMatchObject({ traceId: TRACE, parentSpanId: SPAN, traceState: "congo=t61" });
    expect(passedOn).toBe(`00-${TRACE}-${span?.spanId}-01`);
    expect(span?.spanId).not.toBe(SPAN);
  });

  test.each(["load", "predict"] as const)(
    "goes on unrecorded through a %s where it is not recorded, whatever the share",
    (operation) => {
      const all = tracing(1);
      const unrecorded = { traceparent: `00-${TRACE}-${SPAN}-02` };
      expect(trace(all, operation, { parent: unrecorded })).toMatch(
        new RegExp(`^00-${TRACE}-[0-9a-f]{16}-02$`),
      );
      expect(spansOf(all)).toEqual([]);
    },
  );

  test("is ignored where it is not valid, and its state with it", () => {
    const all = tracing(1);
    trace(all, "predict", { parent: { ...parent, traceparent: `00-${TRACE}-${SPAN}` } });
    const [span] = spansOf(all);
    expect(span?.traceId).not.toBe(TRACE);
    expect(span).not.toHaveProperty("parentSpanId");
    expect(span).not.toHaveProperty("traceState");
  });
});

test("of predictions the share is recorded that was asked for, of loads all", () => {
  vi.spyOn(Math, "random").mockReturnValueOnce(0.009).mockReturnValueOnce(0.011);
  const few = tracing(0.01);
  for (const operation of ["predict", "predict", "load"] as const) trace(few, operation, {});
  expect(spansOf(few).map(({ name }) => name)).toEqual(["selvedge.predict", "selvedge.load"]);
});

test("what is not recorded names a trace all the same, another each time", () => {
  const none = tracing(0);
  const named = [1, 2].map(() => trace(none, "predict", {}));
  expect(named).toEqual(
    [1, 2].map(() => expect.stringMatching(/^00-[0-9a-f]{32}-[0-9a-f]{16}-02$/)),
  );
  expect(named[0]).not.toBe(named[1]);
});

test("it says once that there is something, until that was taken", () => {
  const onFirst = vi.fn();
  const all = tracing(1, onFirst);
  for (let i = 0; i < 3; i++) trace(all, "load", {});
  expect(onFirst).toHaveBeenCalledTimes(1);
  all.take();
  trace(all, "load", {});
  expect(onFirst).toHaveBeenCalledTimes(2);
});

test("a batch of spans fits into what a page may send as it goes, and what does not is counted", () => {
  const all = tracing(1);
  const timings = { queueMs: 1.234567, runMs: 7.654321, totalMs: 10.123456 };
  for (let i = 0; i < 100; i++) trace(all, "predict", { ...predicted(timings), durationMs: 10 });
  const finished = all.take();
  const [batch] = toBatches({ measurements: undefined, finished }, "shop");
  expect(JSON.stringify(batch?.body).length).toBeLessThan(60 * 1024);
  const [dropped] = recorder.take()?.counters ?? [];
  expect(dropped).toEqual({
    metric: METRICS.dropped,
    attributes: { [ATTRIBUTES.reason]: "spans" },
    value: 100 - finished.length,
  });
  expect(finished.length).toBeGreaterThan(0);
});
