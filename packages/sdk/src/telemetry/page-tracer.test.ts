import { type Context, context, ROOT_CONTEXT, SpanStatusCode, trace } from "@opentelemetry/api";
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  ParentBasedSampler,
  type ReadableSpan,
  SimpleSpanProcessor,
  TraceIdRatioBasedSampler,
} from "@opentelemetry/sdk-trace-base";
import { ATTRIBUTES, SelvedgeError } from "@selvedge/protocol";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { eventually } from "../eventually.fixture.ts";
import type { PageTracer } from "./page-tracer.ts";
import { Recorder } from "./recorder.ts";
import { servedFor } from "./served.fixture.ts";
import { Tracing } from "./tracing.ts";

const TRACE = "0af7651916cd43dd8448eb211c80319c";
const SPAN = "b7ad6b7169203331";

let exporter: InMemorySpanExporter;

beforeEach(() => {
  exporter = new InMemorySpanExporter();
});

afterEach(() => {
  context.disable();
  vi.restoreAllMocks();
});

/** The tracer of a page that has OpenTelemetry's own SDK. */
function pageTracer(share = 1): PageTracer {
  const sampler = new ParentBasedSampler({ root: new TraceIdRatioBasedSampler(share) });
  const spanProcessors = [new SimpleSpanProcessor(exporter)];
  return new BasicTracerProvider({ sampler, spanProcessors }).getTracer("page");
}

function tracingWith(tracer: PageTracer): Tracing {
  return new Tracing({ sample: 0, tracer }, new Recorder(() => undefined), () => undefined);
}

async function exported(count: number): Promise<ReadableSpan[]> {
  await eventually(() => expect(exporter.getFinishedSpans()).toHaveLength(count));
  return exporter.getFinishedSpans();
}

const msOf = ([seconds, nanos]: readonly [number, number]) => seconds * 1000 + nanos / 1e6;
const timings = { queueMs: 10, runMs: 20, totalMs: 40 };

test("the page's own OpenTelemetry shows a prediction with its stages", async () => {
  const tracing = tracingWith(pageTracer());
  const calledAt = performance.now();
  const clock = vi.spyOn(performance, "now").mockReturnValue(calledAt);
  const span = tracing.begin("predict", {});
  clock.mockReturnValue(calledAt + 40);
  span?.end({ served: servedFor(calledAt), call: { id: "0b1e", timings } });
  const [queue, run, whole] = await exported(3);
  expect(span?.traceparent).toBe(
    `00-${whole?.spanContext().traceId}-${whole?.spanContext().spanId}-01`,
  );
  expect([queue, run, whole].map((one) => one?.name)).toEqual([
    "selvedge.predict.queue",
    "selvedge.predict.run",
    "selvedge.predict",
  ]);
  for (const stage of [queue, run])
    expect(stage?.parentSpanContext?.spanId).toBe(whole?.spanContext().spanId);
  const durations = [queue, run, whole].map((one) => Math.round(msOf(one?.duration ?? [0, 0])));
  expect(durations).toEqual([10, 20, 40]);
  expect(whole?.attributes).toMatchObject({ [ATTRIBUTES.model]: "ocr-rec" });
  expect(tracing.take()).toEqual([]);
});

test("a prediction lies under what the page was doing when it called", async () => {
  const active = (one: Context) => one;
  let current = ROOT_CONTEXT;
  context.setGlobalContextManager({
    active: () => current,
    with: (_context, call, self, ...args) => call.apply(self, args),
    bind: (_context, target) => target,
    enable() {
      return this;
    },
    disable() {
      return this;
    },
  });
  const provider = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] });
  const tracer = provider.getTracer("page");
  const click = tracer.startSpan("click");
  current = active(trace.setSpan(ROOT_CONTEXT, click));
  const span = tracingWith(tracer).begin("predict", {});
  current = ROOT_CONTEXT;
  span?.end({});
  const [predict] = await exported(1);
  expect(predict?.parentSpanContext?.spanId).toBe(click.spanContext().spanId);
});

test("a trace that is handed over goes on in the page's tracer, with its state", async () => {
  const tracing = tracingWith(pageTracer(0));
  const parent = { traceparent: `00-${TRACE}-${SPAN}-01`, tracestate: "congo=t61" };
  const span = tracing.begin("load", parent);
  span?.end({});
  const [load] = await exported(1);
  expect(load?.spanContext().traceId).toBe(TRACE);
  expect(load?.spanContext().traceState?.serialize()).toBe("congo=t61");
  expect(load?.spanContext().traceState?.get("congo")).toBe("t61");
  expect(load?.parentSpanContext).toMatchObject({ spanId: SPAN, isRemote: true });
  expect(span?.traceparent).toBe(`00-${TRACE}-${load?.spanContext().spanId}-01`);
});

test("the page's sampler decides where nobody has", async () => {
  const tracing = tracingWith(pageTracer(0));
  const span = tracing.begin("load", {});
  span?.end({ served: servedFor(0) });
  expect(span?.traceparent).toMatch(/-00$/);
  tracing.begin("load", { traceparent: `00-${TRACE}-${SPAN}-01` })?.end({});
  expect(await exported(1)).toHaveLength(1);
});

test("a failure is one in the page's tracer too, by its code", async () => {
  const error = new SelvedgeError("network", "https://secret.test/ could not be reached");
  tracingWith(pageTracer())
    .begin("load", {})
    ?.end({ subject: { model: "ocr-rec" }, error });
  const [load] = await exported(1);
  expect(load?.status).toEqual({ code: SpanStatusCode.ERROR, message: "network" });
  expect(load?.attributes).toMatchObject({ [ATTRIBUTES.error]: "network" });
});

test("a page whose OpenTelemetry is not set up yet passes on the trace that it was handed", () => {
  const tracing = tracingWith(trace.getTracer("page"));
  const traceparent = `00-${TRACE}-${SPAN}-01`;
  const under = tracing.begin("predict", { traceparent });
  expect(under?.traceparent).toMatch(new RegExp(`^00-${TRACE}-`));
  under?.end({});
  const alone = tracing.begin("predict", {});
  expect(alone?.traceparent).toBeUndefined();
  alone?.end({});
});

test("a tracer that throws fails no call", async () => {
  const broken = () => {
    throw new Error("broken");
  };
  expect(tracingWith({ startSpan: broken }).begin("predict", {})).toBeUndefined();
  const ends = vi.fn(broken);
  const spanContext = () => ({ traceId: TRACE, spanId: SPAN, traceFlags: 1 });
  const span = { spanContext, setAttributes: broken, setStatus: broken, end: ends };
  tracingWith({ startSpan: () => span })
    .begin("predict", {})
    ?.end({});
  await eventually(() => expect(ends).toHaveBeenCalled());
});
