import {
  type Attributes,
  type Context,
  DiagLogLevel,
  diag,
  ROOT_CONTEXT,
  SpanStatusCode,
  trace,
} from "@opentelemetry/api";
import { OTLPLogExporter as JsonLogs } from "@opentelemetry/exporter-logs-otlp-http";
import { OTLPLogExporter as ProtobufLogs } from "@opentelemetry/exporter-logs-otlp-proto";
import {
  AggregationTemporalityPreference,
  OTLPMetricExporter as JsonMetrics,
} from "@opentelemetry/exporter-metrics-otlp-http";
import { OTLPMetricExporter as ProtobufMetrics } from "@opentelemetry/exporter-metrics-otlp-proto";
import { OTLPTraceExporter as JsonTraces } from "@opentelemetry/exporter-trace-otlp-http";
import { OTLPTraceExporter as ProtobufTraces } from "@opentelemetry/exporter-trace-otlp-proto";
import { resourceFromAttributes } from "@opentelemetry/resources";
import { BatchLogRecordProcessor, LoggerProvider } from "@opentelemetry/sdk-logs";
import {
  AggregationType,
  MeterProvider,
  PeriodicExportingMetricReader,
  type PushMetricExporter,
} from "@opentelemetry/sdk-metrics";
import { BasicTracerProvider, BatchSpanProcessor } from "@opentelemetry/sdk-trace-base";
import {
  ATTRIBUTES,
  PREDICTION,
  PREDICTION_EVENT,
  type PredictionAnswer,
  quantile,
} from "@selvedge/protocol";
import { afterEach, beforeEach, expect, test } from "vitest";
import { digestOf } from "../access/check-token.ts";
import { DEFAULT_CONFIG } from "../config/collector-config.ts";
import {
  type RecordingCollector,
  startRecordingCollector,
} from "../fixtures/recording-collector.ts";
import { startTestCollector } from "../fixtures/test-collector.ts";
import { toDense } from "../store/sparse-histogram.ts";

const TOKEN = "an-ingest-token-of-tests";

let collector: RecordingCollector;
/** What the exporters had to say. */
let said: string[];
beforeEach(async () => {
  const ingest = [{ name: "tests", sha256: digestOf(TOKEN) }];
  collector = await startRecordingCollector({ ...DEFAULT_CONFIG, tokens: { ingest, read: [] } });
  said = [];
  const note = (...parts: unknown[]) => said.push(parts.map(String).join(" "));
  const ignore = () => undefined;
  diag.setLogger(
    { error: note, warn: note, info: ignore, debug: ignore, verbose: ignore },
    { logLevel: DiagLogLevel.WARN, suppressOverrideMessage: true },
  );
});
afterEach(async () => {
  diag.disable();
  await collector.close();
});

const resource = resourceFromAttributes({
  "service.name": "another-shop",
  [ATTRIBUTES.browser]: "firefox 140",
});

const MODEL: Attributes = {
  [ATTRIBUTES.model]: "rec",
  [ATTRIBUTES.version]: "1.0.0",
  page: "/pay",
};

const options = (signal: string, token = TOKEN) => ({
  url: `${collector.url}/v1/${signal}`,
  headers: { authorization: `Bearer ${token}` },
});

const DELTA = { temporalityPreference: AggregationTemporalityPreference.DELTA };

/** Instruments of every kind, by a stock SDK. */
async function measure(exporter: PushMetricExporter, isExponential: boolean): Promise<void> {
  const view = {
    instrumentName: "*",
    aggregation: { type: AggregationType.EXPONENTIAL_HISTOGRAM },
  };
  const provider = new MeterProvider({
    resource,
    readers: [new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 1e6 })],
    views: isExponential ? [{ ...view, instrumentName: "request.duration" } as never] : [],
  });
  const meter = provider.getMeter("tests");
  meter.createCounter("orders").add(3, MODEL);
  const durations = meter.createHistogram("request.duration");
  for (const seconds of [0, 0.1, 0.2, 30]) durations.record(seconds, MODEL);
  meter.createGauge("temperature").record(21.5);
  meter.createUpDownCounter("connections").add(-2);
  await provider.shutdown();
}

const METRIC_EXPORTERS = [
  ["JSON", JsonMetrics],
  ["protobuf", ProtobufMetrics],
] as const;

test.each(METRIC_EXPORTERS)(
  "OpenTelemetry's own metrics in %s are stored, but for what does not add up",
  async (_, Exporter) => {
    await measure(new Exporter({ ...options("metrics"), ...DELTA }), true);
    const [batch, ...others] = collector.store.metrics;
    expect(others).toEqual([]);
    const common = {
      labels: { model: "rec", version: "1.0.0", browser: "firefox 140" },
      attributes: '{"page":"/pay"}',
      resource: expect.stringContaining('"service.name":"another-shop"'),
    };
    expect(batch?.counters).toMatchObject([{ ...common, metric: "orders", value: 3 }]);
    expect(batch?.histograms).toMatchObject([
      {
        ...common,
        metric: "request.duration",
        histogram: { count: 4, zeroCount: 1, min: 0, max: 30 },
      },
    ]);
    const [point] = batch?.histograms ?? [];
    if (point === undefined) throw new Error("no histogram");
    expect(quantile(toDense(point.histogram), 0.75)).toBeCloseTo(0.2, 2);
    expect(said.join()).toMatch(
      /1 × a gauge .*1 × its temporality|1 × its temporality .*1 × a gauge/,
    );
  },
);

test.each(METRIC_EXPORTERS)(
  "an exporter of OpenTelemetry in %s that is left as it comes is told what to set",
  async (_, Exporter) => {
    await measure(new Exporter(options("metrics")), false);
    expect(collector.store.metrics).toEqual([]);
    expect(said.join()).toContain("set the exporter's preference to delta");
    expect(said.join()).toContain("set the exporter's histograms to exponential");
  },
);

test.each([
  ["JSON", JsonLogs],
  ["protobuf", ProtobufLogs],
] as const)("OpenTelemetry's own log records in %s are stored", async (_, Exporter) => {
  const provider = new LoggerProvider({
    resource,
    processors: [
      new BatchLogRecordProcessor(
        new Exporter({ ...options("logs"), compression: "gzip" as never }),
      ),
    ],
  });
  const traceId = "0af7651916cd43dd8448eb211c80319c";
  const context: Context = trace.setSpanContext(ROOT_CONTEXT, {
    traceId,
    spanId: "b7ad6b7169203331",
    traceFlags: 1,
  });
  const timestamp = new Date();
  provider.getLogger("tests").emit({
    timestamp,
    context,
    eventName: "order.failed",
    severityNumber: 17,
    body: "the order failed",
    attributes: { ...MODEL, [PREDICTION.id]: "p-1", nested: { left: ["out"] } },
  });
  await provider.forceFlush();
  await provider.shutdown();
  expect(collector.store.records).toEqual([
    {
      timeMs: timestamp.getTime(),
      labels: { model: "rec", version: "1.0.0", browser: "firefox 140" },
      attributes: '{"page":"/pay"}',
      resource: expect.stringContaining('"service.name":"another-shop"'),
      severity: 17,
      event: "order.failed",
      body: "the order failed",
      prediction: "p-1",
      trace: traceId,
    },
  ]);
  expect(said).toEqual([]);
});

test.each([
  ["JSON", JsonTraces],
  ["protobuf", ProtobufTraces],
] as const)(
  "OpenTelemetry's own spans in %s are stored, each with its parent",
  async (_, Exporter) => {
    const provider = new BasicTracerProvider({
      resource,
      spanProcessors: [new BatchSpanProcessor(new Exporter(options("traces")))],
    });
    const tracer = provider.getTracer("tests");
    const startTime = new Date();
    const parent = tracer.startSpan("checkout", { startTime, attributes: MODEL });
    const around = trace.setSpan(ROOT_CONTEXT, parent);
    const child = tracer.startSpan(
      "predict",
      { startTime, attributes: { [PREDICTION.id]: "p-1" } },
      around,
    );
    child.setStatus({ code: SpanStatusCode.ERROR, message: "no" });
    child.end(new Date(startTime.getTime() + 12));
    parent.end(new Date(startTime.getTime() + 40));
    await provider.forceFlush();
    await provider.shutdown();
    const { traceId, spanId } = parent.spanContext();
    const common = { trace: traceId, timeMs: startTime.getTime() };
    expect(collector.store.spans).toMatchObject([
      {
        ...common,
        name: "predict",
        span: child.spanContext().spanId,
        parent: spanId,
        isError: true,
        prediction: "p-1",
      },
      {
        ...common,
        name: "checkout",
        span: spanId,
        parent: undefined,
        isError: false,
        prediction: undefined,
        labels: { model: "rec" },
      },
    ]);
    expect(collector.store.spans.map(({ durationMs }) => durationMs)).toEqual([12, 40]);
    expect(said).toEqual([]);
  },
);

test.each([
  ["JSON", JsonTraces],
  ["protobuf", ProtobufTraces],
] as const)(
  "an exporter of OpenTelemetry in %s without a token fails, and nothing is stored",
  async (_, Exporter) => {
    const provider = new BasicTracerProvider({
      spanProcessors: [
        new BatchSpanProcessor(new Exporter(options("traces", "another-token-altogether"))),
      ],
    });
    provider.getTracer("tests").startSpan("checkout").end();
    await provider.forceFlush().catch((error: unknown) => said.push(String(error)));
    await provider.shutdown();
    expect(collector.store.spans).toEqual([]);
    expect(said.join()).toMatch(/Unauthorized/);
  },
);

test("what OpenTelemetry's own exporters sent is found again, in one prediction's trace", async () => {
  const real = await startTestCollector();
  const to = (signal: string) => ({ url: `${real.url}/v1/${signal}` });
  const tracers = new BasicTracerProvider({
    resource,
    spanProcessors: [new BatchSpanProcessor(new ProtobufTraces(to("traces")))],
  });
  const span = tracers.getTracer("tests").startSpan("checkout");
  span.end();
  const loggers = new LoggerProvider({
    resource,
    processors: [new BatchLogRecordProcessor(new JsonLogs(to("logs")))],
  });
  loggers.getLogger("tests").emit({
    timestamp: new Date(),
    context: trace.setSpan(ROOT_CONTEXT, span),
    eventName: PREDICTION_EVENT,
    attributes: { ...MODEL, [PREDICTION.id]: "p-1" },
  });
  await Promise.all([tracers.shutdown(), loggers.shutdown()]);
  const answer = await fetch(`${real.url}/api/predictions/p-1`);
  const { steps } = (await answer.json()) as PredictionAnswer;
  expect(steps.map(({ kind, name }) => [kind, name]).sort()).toEqual([
    ["record", PREDICTION_EVENT],
    ["span", "checkout"],
  ]);
  await real.remove();
});
