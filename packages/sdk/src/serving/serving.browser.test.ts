import { ATTRIBUTES, METRICS } from "@selvedge/protocol";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { COLD_ENGINE, KEEPER, ScriptedWorkers, x } from "../scripted-workers.fixture.ts";
import type { Selvedge } from "../selvedge.ts";
import { freshDatabase } from "../store/fresh-database.fixture.ts";
import { collectorDouble, type Received } from "../telemetry/collector.fixture.ts";
import { CRASH } from "../worker/scripted-worker.fixture.ts";

let selvedge: Selvedge;
let received: Received[];

beforeEach(async () => {
  await (await freshDatabase()).close();
  received = collectorDouble();
});

afterEach(async () => {
  await selvedge.close();
  vi.unstubAllGlobals();
});

/** What a counter's points say once all is sent, by attribute, with `value`. */
async function told(metric: string): Promise<Record<string, unknown>[]> {
  await selvedge.telemetry.flush();
  return received
    .flatMap(({ request }) => (request.signal === "metrics" ? request.body.resourceMetrics : []))
    .flatMap(({ scopeMetrics }) => scopeMetrics.flatMap(({ metrics }) => metrics))
    .filter(({ name }) => name === metric)
    .flatMap(({ sum }) => sum?.dataPoints ?? [])
    .map(({ attributes = [], asInt }) => ({
      ...Object.fromEntries(attributes.map(({ key, value }) => [key, value.stringValue])),
      value: asInt,
    }));
}

test("an engine that crashes under a model and is started again is counted as a restart, with why", async () => {
  selvedge = new ScriptedWorkers().open({ endpoint: "/v1" });
  const model = await selvedge.load("tiny");
  await expect(model.predict(x(CRASH))).rejects.toMatchObject({ code: "engine-crashed" });
  await model.predict(x(1));
  const restarts = await told(METRICS.restarts);
  expect(restarts.length).toBeGreaterThan(0);
  for (const restart of restarts)
    expect(restart).toMatchObject({
      [ATTRIBUTES.backend]: "wasm",
      [ATTRIBUTES.error]: "engine-crashed",
    });
});

test("a load that took less than the pack, and fetched all of that, found nothing stored", async () => {
  const cost = { bytes: 500, fetchedBytes: 500, resolveMs: 1, fetchMs: 1 };
  const installed = { version: "1.0.0", dtype: "fp32", storage: { kind: "persistent" }, ...cost };
  selvedge = new ScriptedWorkers().open({
    engine: COLD_ENGINE,
    keeper: `${KEEPER}
      install: () => ({ ok: true, value: { digest: "d".repeat(64), ...${JSON.stringify(installed)} } }),
    `,
    endpoint: "/v1",
  });
  await selvedge.load("tiny");
  expect(await told(METRICS.loads)).toMatchObject([{ [ATTRIBUTES.reason]: "fetched", value: "1" }]);
  expect(await told(METRICS.fetchedBytes)).toMatchObject([{ value: "500" }]);
  expect(await told(METRICS.storedBytes)).toEqual([]);
});

test("what a caller does with its own inputs once it has called says nothing of the call", async () => {
  selvedge = new ScriptedWorkers().open({ endpoint: "/v1" });
  const model = await selvedge.load("tiny");
  const inputs: Record<string, unknown> = { ...x(3) };
  const answer = model.predict(inputs as ReturnType<typeof x>);
  inputs["x"] = undefined;
  expect((await answer).outputs["y"]?.data[0]).toBe(3);
});
