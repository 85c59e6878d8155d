import { ATTRIBUTES, METRICS } from "@selvedge/protocol";
import { afterEach, expect, test, vi } from "vitest";
import { ScriptedWorkers, x } from "../scripted-workers.fixture.ts";
import type { Selvedge } from "../selvedge.ts";
import { freshDatabase } from "../store/fresh-database.fixture.ts";
import { collectorDouble } from "../telemetry/collector.fixture.ts";
import { CRASH } from "../worker/scripted-worker.fixture.ts";

let selvedge: Selvedge;

afterEach(async () => {
  await selvedge.close();
  vi.unstubAllGlobals();
});

test("an engine that crashes under a model and is started again is counted as a restart, with why", async () => {
  await (await freshDatabase()).close();
  const received = collectorDouble();
  selvedge = new ScriptedWorkers().open({ endpoint: "/v1" });
  const model = await selvedge.load("tiny");
  await expect(model.predict(x(CRASH))).rejects.toMatchObject({ code: "engine-crashed" });
  await model.predict(x(1));
  await selvedge.telemetry.flush();
  const points = received
    .flatMap(({ request }) => (request.signal === "metrics" ? request.body.resourceMetrics : []))
    .flatMap(({ scopeMetrics }) => scopeMetrics.flatMap(({ metrics }) => metrics))
    .filter(({ name }) => name === METRICS.restarts)
    .flatMap(({ sum }) => sum?.dataPoints ?? []);
  expect(points.length).toBeGreaterThan(0);
  for (const { attributes = [] } of points) {
    const said = Object.fromEntries(attributes.map(({ key, value }) => [key, value.stringValue]));
    expect(said).toMatchObject({
      [ATTRIBUTES.backend]: "wasm",
      [ATTRIBUTES.error]: "engine-crashed",
    });
  }
});
