import { gunzipSync } from "node:zlib";
import type { Page } from "@playwright/test";
import {
  ATTRIBUTES,
  DISTRIBUTION,
  METRICS,
  type OtlpMetricsRequest,
  type OtlpSpan,
  type OtlpTracesRequest,
  START_METRICS,
} from "@selvedge/protocol";
import { expect, test } from "./fixtures/test.ts";

const TRACE = "0af7651916cd43dd8448eb211c80319c";
const SPAN = "b7ad6b7169203331";

/** What the page sends to one address of a collector, which takes all of it. */
async function received<Body>(page: Page, signal: "metrics" | "traces"): Promise<Body[]> {
  const bodies: Body[] = [];
  await page.context().route(new RegExp(`/v1/${signal}$`), (route) => {
    const sent = route.request().postDataBuffer() ?? Buffer.from("{}");
    const isGzip = route.request().headers()["content-encoding"] === "gzip";
    bodies.push(JSON.parse(String(isGzip ? gunzipSync(sent) : sent)));
    return route.fulfill({ status: 200, contentType: "application/json", body: "{}" });
  });
  return bodies;
}

const spansIn = (bodies: readonly OtlpTracesRequest[]): readonly OtlpSpan[] =>
  bodies.flatMap(({ resourceSpans }) => resourceSpans[0]?.scopeSpans[0]?.spans ?? []);

test("a load and a prediction are spans under the trace that the page hands over, with their stages", async ({
  bare: page,
}) => {
  const bodies = await received<OtlpTracesRequest>(page, "traces");
  const parent = { traceparent: `00-${TRACE}-${SPAN}-01` };
  const passedOn = await page.evaluate(async (parent) => {
    const telemetry = { endpoint: "/v1", traces: { sample: 0 } };
    const selvedge = selvedgeModule.createSelvedge({ registry: "/models", telemetry });
    const model = await selvedge.load("lande", parent);
    const ngrams = { type: "float32", data: new Float32Array(620), dims: [1, 620] } as const;
    const unsampled = await model.predict({ ngrams });
    const { traceparent } = await model.predict({ ngrams }, parent);
    await selvedge.telemetry.flush();
    return { traceparent, unsampled: unsampled.traceparent };
  }, parent);
  await expect.poll(() => spansIn(bodies).length).toBeGreaterThan(5);
  const spans = spansIn(bodies);
  const top = spans.filter(({ parentSpanId }) => parentSpanId === SPAN);
  expect(top.map(({ name }) => name)).toEqual(["selvedge.load", "selvedge.predict"]);
  expect(new Set(spans.map(({ traceId }) => traceId))).toEqual(new Set([TRACE]));
  const [load, predict] = top;
  expect(passedOn.traceparent).toBe(`00-${TRACE}-${predict?.spanId}-01`);
  expect(passedOn.unsampled).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-02$/);
  for (const whole of [load, predict]) {
    const stages = spans.filter(({ parentSpanId }) => parentSpanId === whole?.spanId);
    expect(stages.length).toBeGreaterThan(0);
    for (const stage of stages) {
      expect(stage.name.startsWith(`${whole?.name}.`)).toBe(true);
      const [from, to] = [stage.startTimeUnixNano, stage.endTimeUnixNano].map(BigInt);
      expect(from).toBeGreaterThanOrEqual(BigInt(whole?.startTimeUnixNano ?? 0));
      expect(to).toBeLessThanOrEqual(BigInt(whole?.endTimeUnixNano ?? 0));
    }
  }
  const stages = spans.map(({ name }) => name);
  for (const stage of ["fetch", "read", "create"])
    expect(stages).toContain(`selvedge.load.${stage}`);
});

test("without an endpoint and a tracer nothing is traced, and nothing passed on", async ({
  bare: page,
}) => {
  const traceparent = await page.evaluate(
    async (parent) => {
      const selvedge = selvedgeModule.createSelvedge({ registry: "/models" });
      const model = await selvedge.load("lande", parent);
      const ngrams = { type: "float32", data: new Float32Array(620), dims: [1, 620] } as const;
      return (await model.predict({ ngrams }, parent)).traceparent;
    },
    { traceparent: `00-${TRACE}-${SPAN}-01` },
  );
  expect(traceparent).toBeUndefined();
});

test("what a page measures of a load and its predictions is what is documented", async ({
  bare: page,
}) => {
  const bodies = await received<OtlpMetricsRequest>(page, "metrics");
  await page.evaluate(async () => {
    const telemetry = { endpoint: "/v1" };
    const selvedge = selvedgeModule.createSelvedge({ registry: "/models", telemetry });
    const model = await selvedge.load("lande", { backend: "wasm" });
    const ngrams = { type: "float32", data: new Float32Array(3 * 620), dims: [3, 620] } as const;
    await model.predict({ ngrams });
    await selvedge.telemetry.flush();
  });
  // What is told of distributions goes by itself, and may come first.
  const measured = () =>
    bodies
      .flatMap(({ resourceMetrics }) => resourceMetrics)
      .filter((part) => !JSON.stringify(part).includes(DISTRIBUTION.contributor));
  await expect.poll(() => measured().length).toBeGreaterThan(0);
  const [resource] = measured();
  const told = new Map(
    resource?.resource?.attributes?.map(({ key, value }) => [key, value.stringValue]),
  );
  expect(told.get(ATTRIBUTES.browser)).toMatch(/^chrome \d+$/);
  expect(told.get(ATTRIBUTES.device)).toMatch(/^(desktop|mobile)-(high|low)$/);
  const metrics = resource?.scopeMetrics[0]?.metrics ?? [];
  const { predictDuration, predictStageDuration, batchSize, loadDuration } = METRICS;
  const { engineMemory, loads, fetchedBytes } = METRICS;
  // How the engine came to be is counted by a chunk of its own, which may come in time for this batch.
  const names = metrics.map(({ name }) => name).filter((name) => name !== START_METRICS.starts);
  expect(names.sort()).toEqual(
    [
      predictDuration,
      predictStageDuration,
      batchSize,
      loadDuration,
      engineMemory,
      loads,
      fetchedBytes,
    ].sort(),
  );
  const pointsOf = (metric: string) =>
    metrics.find(({ name }) => name === metric)?.exponentialHistogram?.dataPoints ?? [];
  expect(pointsOf(batchSize).map(({ count, sum }) => [count, sum])).toEqual([["1", 3]]);
  const sumOf = (metric: string) => pointsOf(metric).reduce((total, { sum = 0 }) => total + sum, 0);
  expect(sumOf(predictStageDuration)).toBeCloseTo(sumOf(predictDuration), 4);
  expect(sumOf(engineMemory)).toBeGreaterThan(2 ** 20);
});
