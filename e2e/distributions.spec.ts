import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import type { Page } from "@playwright/test";
import { pack, promote } from "@selvedge/packer";
import {
  DISTRIBUTION,
  METRICS,
  type OtlpMetric,
  type OtlpMetricsRequest,
} from "@selvedge/protocol";
import {
  encode,
  floats,
  graph,
  model,
  node,
  value,
} from "../packages/packer/src/onnx/onnx-model.fixture.ts";
import { test } from "./fixtures/own-registry.ts";
import { expect } from "./fixtures/test.ts";

/** One of a thousand values between the reference's: it would be known again anywhere. */
const CANARY = 41.12389;

/** Two measurements in, the probabilities of two classes out, with a reference of 400 examples. */
async function packWithReference(registry: string): Promise<void> {
  const classifier = model(
    graph({
      input: [value("x", ["n", 2])],
      output: [value("y", ["n", 2])],
      initializer: [floats("w", [2, 2], [1, 0, 0, 1])],
      node: [node("MatMul", ["x", "w"], ["z"]), node("Softmax", ["z"], ["y"])],
    }),
  );
  const data = Array.from({ length: 400 }, (_, i) => [30 + i / 20, 40]).flat();
  const x = { type: "float32", dims: [400, 2], data };
  const reference = join(registry, "reference.json");
  const names = { x: ["bill_length_mm", "bill_depth_mm"] };
  await writeFile(reference, JSON.stringify({ features: names, cases: [{ inputs: { x } }] }));
  const file = join(registry, "penguins.onnx");
  await writeFile(file, encode(classifier));
  const place = { name: "penguins", version: "1.0.0", registry };
  await pack({ ...place, model: file, reference });
  await promote({ ...place, channel: "stable" });
}

/** The bodies that a page sends to `/v1/metrics`, which takes all of them. */
async function received(page: Page): Promise<string[]> {
  const bodies: string[] = [];
  await page.context().route(/\/v1\/metrics$/, (route) => {
    const sent = route.request().postDataBuffer() ?? Buffer.from("{}");
    const isGzip = route.request().headers()["content-encoding"] === "gzip";
    bodies.push(String(isGzip ? gunzipSync(sent) : sent));
    return route.fulfill({ status: 200, contentType: "application/json", body: "{}" });
  });
  return bodies;
}

const metricsIn = (bodies: readonly string[]): readonly OtlpMetric[] =>
  bodies.flatMap((body) => {
    const { resourceMetrics }: OtlpMetricsRequest = JSON.parse(body);
    return resourceMetrics.flatMap(({ scopeMetrics }) => scopeMetrics[0]?.metrics ?? []);
  });

/** Predicts three times on one page, one value of which lies in the reference, one outside, one nowhere. */
function predict(page: Page, distributions: false | { epsilon?: number } = {}): Promise<void> {
  return page.evaluate(
    async ({ distributions, canary }) => {
      const telemetry = { endpoint: "/v1", distributions };
      const selvedge = selvedgeModule.createSelvedge({ registry: "/models", telemetry });
      const penguins = await selvedge.load("penguins");
      for (const [length, depth] of [
        [canary, 40],
        [900, 40],
        [Number.NaN, 40],
      ] as const) {
        const data = Float32Array.of(length, depth);
        await penguins.predict({ x: { type: "float32", data, dims: [1, 2] } });
      }
      await selvedge.telemetry.flush();
      await selvedge.close();
    },
    { distributions, canary: CANARY },
  );
}

test("values of inputs and outputs arrive as counts in the bins of the pack, and none as it is", async ({
  bare: page,
  registry,
}) => {
  await packWithReference(registry);
  const bodies = await received(page);
  await predict(page);
  await expect
    .poll(() => metricsIn(bodies).filter(({ name }) => name === METRICS.distribution).length)
    .toBeGreaterThan(0);
  const points = metricsIn(bodies)
    .filter(({ name }) => name === METRICS.distribution)
    .flatMap(({ histogram }) => histogram?.dataPoints ?? []);
  const featureOf = (point: (typeof points)[number]) =>
    point.attributes?.find(({ key }) => key === DISTRIBUTION.feature)?.value.stringValue;
  const names = points.map(featureOf).sort();
  expect(names).toEqual([
    "bill_depth_mm",
    "bill_length_mm",
    "y.class",
    "y.confidence",
    "y.entropy",
  ]);
  const length = points.find((point) => featureOf(point) === "bill_length_mm");
  expect(length?.explicitBounds).toHaveLength(9);
  expect(length?.bucketCounts?.map(Number).reduce((sum, n) => sum + n)).toBeGreaterThan(0);
  for (const body of bodies) expect(body).not.toContain(String(Math.fround(CANARY)).slice(0, 7));
  // What says who contributed is in requests that say nothing else.
  for (const body of bodies)
    if (body.includes(DISTRIBUTION.contributor)) expect(body).not.toContain(METRICS.loads);
    else expect(body).not.toContain(METRICS.distribution);
});

test("a page that does not want it sends no distributions", async ({ bare: page, registry }) => {
  await packWithReference(registry);
  const bodies = await received(page);
  await predict(page, false);
  await expect.poll(() => bodies.length).toBeGreaterThan(0);
  expect(metricsIn(bodies).map(({ name }) => name)).not.toContain(METRICS.distribution);
});

test("with an ε, each feature is told once, with the ε", async ({ bare: page, registry }) => {
  await packWithReference(registry);
  const bodies = await received(page);
  await predict(page, { epsilon: 2 });
  await expect
    .poll(() => bodies.join().match(/"selvedge\.epsilon","value":\{"intValue":"2"\}/g)?.length)
    .toBe(5);
});
