import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { emptyHistogram, Field, METRICS, recordValue } from "@selvedge/protocol";
import { afterAll, beforeAll, beforeEach, expect, test, vi } from "vitest";
import { createDriftReader } from "../analysis/drift/create-drift-reader.ts";
import { createManifestReader } from "../analysis/read-manifest.ts";
import { manifestWithReference } from "../fixtures/sample-telemetry.ts";
import { startTestCollector, type TestCollector } from "../fixtures/test-collector.ts";
import { openDuckDbStore } from "../store/duckdb/open-duckdb-store.ts";
import { toSparse } from "../store/sparse-histogram.ts";
import type { MetricsBatch, Store } from "../store/store.ts";
import { readAlerts } from "./read-alerts.ts";
import { type Alerts, startAlerts } from "./start-alerts.ts";

const DAY_MS = 86_400_000;
const MINUTE_MS = 60_000;
const START = 200 * 84 * DAY_MS + 10 * DAY_MS + 12 * 3_600_000;
const BOUNDS = [1, 2, 3, 4, 5, 6, 7, 8, 9];
const HOOK = { url: "https://hooks.example/alert", secret: "shared" };

let registry: TestCollector;
let folder: string;
beforeAll(async () => {
  registry = await startTestCollector({
    "registry/rec/1.0.0/manifest.json": manifestWithReference(BOUNDS),
  });
  folder = await mkdtemp(join(tmpdir(), "selvedge-alerts-"));
});
afterAll(async () => {
  await registry.remove();
  await rm(folder, { recursive: true });
});

/** A store, alerts over it, a clock that is set by hand, and a receiver that answers as it is told. */
let stores = 0;
let store: Store;
let nowMs: number;
let status: number;
let refusing: string[];
let posted: { readonly url: string; readonly body: Record<string, unknown> }[];
beforeEach(async () => {
  nowMs = START;
  status = 200;
  refusing = [];
  posted = [];
  store = await openDuckDbStore(join(folder, `store-${stores++}`));
  return () => store.close();
});

function watch(...rules: readonly object[]): Alerts & { readonly ring: () => void } {
  const field = Field.fromJson(JSON.stringify({ rules }), "alerts", "options-invalid");
  const readManifest = createManifestReader(join(registry.folder, "registry"));
  const now = () => nowMs;
  let ring = () => {};
  const alerts = startAlerts({
    config: readAlerts(field),
    store,
    sources: { store, readDrift: createDriftReader({ store, readManifest, now }) },
    now,
    wait: async () => undefined,
    every: (_, run) => {
      ring = run;
      return () => undefined;
    },
    fetch: async (url, init) => {
      posted.push({ url: String(url), body: JSON.parse(String(init?.body)) });
      return new Response(null, { status: refusing.includes(String(url)) ? 404 : status });
    },
  });
  return { ...alerts, ring: () => ring() };
}

const EMPTY: MetricsBatch = {
  ...{ id: undefined, histograms: [], counters: [], distributions: [], irregulars: [] },
};

/** Calls of a version at this moment: so many that took so long, and so many that failed. */
async function calls(
  count: number,
  {
    failed = 0,
    seconds = 0.05,
    version = "1.0.0",
  }: {
    failed?: number;
    seconds?: number;
    version?: string;
  } = {},
): Promise<void> {
  const about = {
    ...{ timeMs: nowMs - 1000, attributes: undefined, resource: undefined },
    labels: { model: "rec", version },
  };
  const histogram = Array.from({ length: count }, () => seconds).reduce(
    recordValue,
    emptyHistogram(),
  );
  await store.ingestMetrics([
    {
      ...EMPTY,
      histograms: [{ ...about, metric: METRICS.predictDuration, histogram: toSparse(histogram) }],
      counters: [{ ...about, metric: METRICS.failures, value: failed }],
    },
  ]);
}

const FAILING = {
  ...{ name: "failing", kind: "threshold", metric: "failure-rate", window: "5m" },
  ...{ above: 0.05, clear: 0.02, severity: "critical", webhook: HOOK },
};

const TRAIN = { url: "https://train.example/start" };
const DRIFTING = { name: "drift", kind: "drift", retrain: TRAIN };

/** What devices counted of a feature yesterday: it has moved away from the reference. */
async function shift(): Promise<void> {
  const contributors = Array.from({ length: 700 }, (_, i) => ({
    ...{ timeMs: nowMs - DAY_MS, attributes: undefined, resource: undefined },
    labels: { model: "rec", version: "1.0.0" },
    ...{ feature: "age", contributor: `c-${i}`, epsilon: undefined, bounds: BOUNDS },
    // Nobody is in the last three bins.
    counts: [...BOUNDS, 0].map((_bound, bin) => Number(bin === i % 7)),
  }));
  await store.ingestMetrics([{ ...EMPTY, distributions: contributors }]);
}

/** Where the one thing that is watched stands, once all was looked at. */
async function look(alerts: Alerts): Promise<{ state: string; value: number | null } | undefined> {
  await alerts.evaluate();
  const [instance] = (await alerts.answer()).rules[0]?.instances ?? [];
  return instance && { state: instance.state, value: instance.value };
}

test("a version that nobody predicts with any more is found by how few predictions there are", async () => {
  const alerts = watch({
    ...{ name: "silent", kind: "threshold", metric: "predictions" },
    ...{ window: "5m", below: 1, minCount: 1 },
  });
  await calls(100);
  expect(await look(alerts)).toEqual({ state: "ok", value: 100 });
  nowMs += 10 * MINUTE_MS;
  expect(await look(alerts)).toEqual({ state: "firing", value: 0 });
  nowMs += 2 * DAY_MS;
  expect(await look(alerts)).toEqual({ state: "firing", value: 0 });
  await calls(100);
  expect(await look(alerts)).toEqual({ state: "ok", value: 100 });
});

test("an alert fires, is told of, goes on while its value is between its levels, and ends", async () => {
  const alerts = watch(FAILING);
  const after = async (failed: number) => {
    nowMs += 10 * MINUTE_MS;
    await calls(1000, { failed });
    return (await look(alerts))?.state;
  };
  expect(await after(10)).toBe("ok");
  expect(await after(90)).toBe("firing");
  expect(await after(40)).toBe("firing");
  expect(await after(10)).toBe("ok");
  expect(posted.map(({ body }) => [body["from"], body["to"]])).toEqual([
    ["ok", "firing"],
    ["firing", "ok"],
  ]);
  expect(posted[0]).toMatchObject({
    url: HOOK.url,
    body: {
      ...{ event: "alert", rule: "failing", severity: "critical" },
      labels: { model: "rec", version: "1.0.0" },
      value: 90 / 1090,
    },
  });
  const { history } = await alerts.answer();
  expect(history.map(({ to, delivered }) => [to, delivered])).toEqual([
    ["ok", true],
    ["firing", true],
  ]);
  await alerts.close();
});

test("an alert that waits fires once it was so for long enough", async () => {
  const alerts = watch({ ...FAILING, for: "3m" });
  await calls(1000, { failed: 90 });
  expect((await look(alerts))?.state).toBe("pending");
  nowMs += 2 * MINUTE_MS;
  expect((await look(alerts))?.state).toBe("pending");
  nowMs += MINUTE_MS;
  expect((await look(alerts))?.state).toBe("firing");
  await alerts.close();
});

test("after a restart an alert stands where it stood, and nobody is told again", async () => {
  const before = watch(FAILING);
  await calls(1000, { failed: 90 });
  await look(before);
  await before.close();
  const after = watch(FAILING);
  nowMs += MINUTE_MS;
  expect((await look(after))?.state).toBe("firing");
  expect(posted).toHaveLength(1);
  const [rule] = (await after.answer()).rules;
  expect(rule?.instances[0]?.since).toBe(START);
  await after.close();
});

test("what a receiver does not take is noted as not delivered", async () => {
  status = 404;
  const alerts = watch(FAILING);
  await calls(1000, { failed: 90 });
  await look(alerts);
  expect((await alerts.answer()).history).toMatchObject([{ to: "firing", delivered: false }]);
  await alerts.close();
});

test("where little or nothing is measured, nothing is said", async () => {
  const alerts = watch(FAILING);
  await calls(50, { failed: 40 });
  expect(await look(alerts)).toEqual({ state: "no-data", value: null });
  expect((await alerts.answer()).history).toEqual([]);
  await calls(500, { failed: 90 });
  expect((await look(alerts))?.state).toBe("firing");
  nowMs += 60 * MINUTE_MS;
  expect(await look(alerts)).toEqual({ state: "no-data", value: null });
  nowMs += 2 * DAY_MS;
  await alerts.evaluate();
  expect(await look(alerts)).toBeUndefined();
  await alerts.close();
});

test("a change is measured against the window before", async () => {
  const alerts = watch({
    ...{ name: "slower", kind: "change", metric: "latency-p95", against: "window-before" },
    ...{ window: "10m", above: 0.3 },
  });
  await calls(200, { seconds: 0.05 });
  nowMs += 10 * MINUTE_MS;
  await calls(200, { seconds: 0.06 });
  expect((await look(alerts))?.state).toBe("ok");
  nowMs += 10 * MINUTE_MS;
  await calls(200, { seconds: 0.12 });
  const slower = await look(alerts);
  expect(slower?.state).toBe("firing");
  expect(slower?.value).toBeCloseTo(1, 1);
  await alerts.close();
});

test("a change is measured against the version before", async () => {
  const alerts = watch({
    ...{ name: "worse", kind: "change", metric: "failure-rate", against: "previous-version" },
    ...{ difference: "absolute", window: "10m", above: 0.05 },
  });
  await calls(200, { failed: 2, version: "0.9.0" });
  nowMs += 3 * MINUTE_MS;
  await calls(200, { failed: 2, version: "1.0.0" });
  nowMs += 3 * MINUTE_MS;
  await calls(200, { failed: 40, version: "1.1.0" });
  await alerts.evaluate();
  const [rule] = (await alerts.answer()).rules;
  expect(rule?.instances.map(({ labels, state }) => [labels["version"], state])).toEqual([
    ["0.9.0", "no-data"],
    ["1.0.0", "ok"],
    ["1.1.0", "firing"],
  ]);
  await alerts.close();
});

test("an objective is burnt where both windows fail too often, and not any more when the short one is well", async () => {
  const alerts = watch({
    ...{ name: "slo", kind: "burn-rate", objective: 0.99, above: 10 },
    ...{ long: "1h", short: "5m" },
  });
  await calls(1000, { failed: 200 });
  const burning = await look(alerts);
  expect(burning?.state).toBe("firing");
  expect(burning?.value).toBeCloseTo((200 / 1200) * 100);
  nowMs += 10 * MINUTE_MS;
  await calls(100);
  expect(await look(alerts)).toMatchObject({ state: "ok", value: 0 });
  await alerts.close();
});

test("drift calls for a training, with what drifted and nothing that may not be known", async () => {
  await calls(100);
  await shift();
  const alerts = watch(DRIFTING);
  expect(await look(alerts)).toMatchObject({ state: "firing" });
  const [call] = posted;
  expect(call).toMatchObject({
    url: TRAIN.url,
    body: {
      ...{ event: "retrain", rule: "drift", model: "rec", version: "1.0.0" },
      manifest: expect.stringMatching(/^[0-9a-f]{64}$/),
      features: [{ feature: "age", verdict: "drifting", contributors: 700 }],
    },
  });
  const features = call?.body["features"] as
    | { bins: { label: string; observed: number }[] }[]
    | undefined;
  const [feature] = features ?? [];
  expect(feature?.bins.map(({ label }) => label).at(-1)).toBe("(6, ∞)");
  expect(feature?.bins.every(({ observed }) => observed * 700 >= 50)).toBe(true);
  await look(alerts);
  expect(posted).toHaveLength(1);
  await alerts.close();
});

test("drift that is out of sight for a while calls for no further training", async () => {
  await calls(100);
  await shift();
  const before = watch({ ...DRIFTING, webhook: HOOK });
  expect((await look(before))?.state).toBe("firing");
  nowMs += 30 * DAY_MS;
  await calls(100);
  expect(await look(before)).toEqual({ state: "no-data", value: null });
  await before.close();
  const after = watch({ ...DRIFTING, webhook: HOOK });
  nowMs += DAY_MS;
  await calls(100);
  await shift();
  expect((await look(after))?.state).toBe("firing");
  const told = posted.map(({ body }) => [body["event"], body["to"]]);
  expect(told.filter(([event]) => event === "alert")).toEqual([
    ["alert", "firing"],
    ["alert", "no-data"],
  ]);
  expect(told.filter(([event]) => event === "retrain")).toHaveLength(1);
  const { history } = await after.answer();
  expect(history[0]).toMatchObject({ from: "no-data", to: "firing", delivered: null });
  await after.close();
});

test("drift that cannot be read changes nothing", async () => {
  const log = vi.spyOn(console, "error").mockReturnValue();
  await calls(100);
  await shift();
  const alerts = watch(DRIFTING);
  const before = await look(alerts);
  const manifest = join(registry.folder, "registry/rec/1.0.0/manifest.json");
  const sound = await readFile(manifest);
  await writeFile(manifest, "{}");
  nowMs += MINUTE_MS;
  expect(await look(alerts)).toEqual(before);
  await writeFile(manifest, sound);
  nowMs += MINUTE_MS;
  expect(await look(alerts)).toEqual(before);
  expect(posted).toHaveLength(1);
  expect((await alerts.answer()).history).toHaveLength(1);
  expect(log).toHaveBeenCalledOnce();
  log.mockRestore();
  await alerts.close();
});

test("an alert that ends while it is out of sight is told of as it ended, once", async () => {
  const alerts = watch(FAILING);
  await calls(1000, { failed: 90 });
  await look(alerts);
  nowMs += 10 * MINUTE_MS;
  expect((await look(alerts))?.state).toBe("no-data");
  await calls(1000);
  expect((await look(alerts))?.state).toBe("ok");
  await look(alerts);
  expect(posted.map(({ body }) => [body["from"], body["to"]])).toEqual([
    ["ok", "firing"],
    ["firing", "no-data"],
    ["no-data", "ok"],
  ]);
  await alerts.close();
});

test("a rule that cannot be looked at does not keep others from it", async () => {
  const log = vi.spyOn(console, "error").mockReturnValue();
  const { feedback } = store;
  store = { ...store, feedback: () => Promise.reject(new Error("no room")) };
  const alerts = watch(
    { name: "wrong", kind: "threshold", metric: "accuracy", below: 0.5 },
    FAILING,
  );
  store = { ...store, feedback };
  await calls(1000, { failed: 90 });
  await alerts.evaluate();
  expect((await alerts.answer()).rules[1]?.instances).toMatchObject([{ state: "firing" }]);
  expect(log).toHaveBeenCalledOnce();
  log.mockRestore();
  await alerts.close();
});

test("looks by itself, as often as it is told", async () => {
  const alerts = watch(FAILING);
  await calls(1000, { failed: 90 });
  alerts.ring();
  await expect.poll(async () => (await alerts.answer()).history).toHaveLength(1);
  await alerts.close();
});

test("what a receiver did not take is told again until it does, and is noted once", async () => {
  status = 500;
  const alerts = watch(FAILING);
  await calls(1000, { failed: 90 });
  await look(alerts);
  const attempts = posted.length;
  nowMs += 30_000;
  await look(alerts);
  expect(posted).toHaveLength(attempts);
  status = 200;
  nowMs += 40_000;
  await look(alerts);
  expect(posted).toHaveLength(attempts + 1);
  expect(posted.at(-1)?.body).toMatchObject({ to: "firing", at: START });
  expect((await alerts.answer()).history).toMatchObject([{ to: "firing", delivered: true }]);
  nowMs += 60 * 60_000;
  await calls(1000, { failed: 90 });
  await look(alerts);
  expect(posted).toHaveLength(attempts + 1);
  await alerts.close();
});

test("what a receiver did not take before a restart is told after it, at once", async () => {
  status = 404;
  const before = watch(FAILING);
  await calls(1000, { failed: 90 });
  await look(before);
  await before.close();
  status = 200;
  const after = watch(FAILING);
  nowMs += MINUTE_MS;
  await look(after);
  expect(posted.map(({ body }) => body["at"])).toEqual([START, START]);
  await look(after);
  expect(posted).toHaveLength(2);
  await after.close();
  const third = watch(FAILING);
  await look(third);
  expect(posted).toHaveLength(2);
  await third.close();
});

test("an alert that ended meanwhile is told of as it ended, and not as it began", async () => {
  status = 404;
  const alerts = watch(FAILING);
  await calls(1000, { failed: 90 });
  await look(alerts);
  status = 200;
  nowMs += 10 * MINUTE_MS;
  await calls(1000);
  await look(alerts);
  nowMs += 10 * MINUTE_MS;
  await look(alerts);
  expect(posted.slice(1).map(({ body }) => body["to"])).toEqual(["ok"]);
  await alerts.close();
});

/** Whom was told since this was asked last. */
function toldSince(): string[] {
  return posted
    .splice(0)
    .map(({ body }) => (body["event"] === "alert" ? `alert ${body["to"]}` : String(body["event"])));
}

test("a training that was called for is not called for again where the webhook took nothing", async () => {
  refusing = [HOOK.url];
  await calls(100);
  await shift();
  const before = watch({ ...DRIFTING, webhook: HOOK });
  await look(before);
  expect(toldSince()).toEqual(["alert firing", "retrain"]);
  nowMs += 2 * MINUTE_MS;
  await look(before);
  nowMs += 60 * MINUTE_MS;
  await look(before);
  expect(toldSince()).toEqual(["alert firing", "alert firing"]);
  const { history } = await before.answer();
  expect(history.map(({ from, to, delivered }) => [from, to, delivered])).toEqual([
    ["ok", "firing", false],
  ]);
  await before.close();
  const after = watch({ ...DRIFTING, webhook: HOOK });
  await look(after);
  expect(toldSince()).toEqual(["alert firing"]);
  refusing = [];
  nowMs += 2 * MINUTE_MS;
  await look(after);
  expect(toldSince()).toEqual(["alert firing"]);
  expect((await after.answer()).history).toMatchObject([{ to: "firing", delivered: true }]);
  await after.close();
  const third = watch({ ...DRIFTING, webhook: HOOK });
  await look(third);
  expect(toldSince()).toEqual([]);
  await third.close();
});

test("a training that nobody took is called for until somebody does, whatever the webhook is told", async () => {
  refusing = [TRAIN.url];
  await calls(100);
  await shift();
  const before = watch({ ...DRIFTING, webhook: HOOK });
  await look(before);
  nowMs += 2 * MINUTE_MS;
  await look(before);
  expect(toldSince()).toEqual(["alert firing", "retrain", "retrain"]);
  nowMs += 30 * DAY_MS;
  await calls(100);
  expect((await look(before))?.state).toBe("no-data");
  expect(toldSince()).toEqual(["alert no-data", "retrain"]);
  await before.close();
  const after = watch({ ...DRIFTING, webhook: HOOK });
  await look(after);
  expect(toldSince()).toEqual(["retrain"]);
  refusing = [];
  nowMs += 2 * MINUTE_MS;
  await look(after);
  expect(toldSince()).toEqual(["retrain"]);
  await after.close();
  const third = watch({ ...DRIFTING, webhook: HOOK });
  await look(third);
  expect(toldSince()).toEqual([]);
  await third.close();
});

test("a training is called for after a restart where the webhook was told of something later", async () => {
  refusing = [TRAIN.url, HOOK.url];
  await calls(100);
  await shift();
  const before = watch({ ...DRIFTING, webhook: HOOK });
  await look(before);
  nowMs += 30 * DAY_MS;
  await calls(100);
  await look(before);
  refusing = [HOOK.url];
  nowMs += 2 * MINUTE_MS;
  await look(before);
  expect(toldSince()).toEqual([
    ...["alert firing", "retrain", "alert no-data", "retrain"],
    ...["alert no-data", "retrain"],
  ]);
  await before.close();
  refusing = [];
  const after = watch({ ...DRIFTING, webhook: HOOK });
  await look(after);
  expect(toldSince()).toEqual(["alert no-data"]);
  await after.close();
});
