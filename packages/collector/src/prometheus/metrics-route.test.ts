import { afterAll, beforeAll, expect, test } from "vitest";
import { metricsRequest } from "../fixtures/otlp-request.ts";
import { createRecordingStore } from "../fixtures/recording-store.ts";
import { sampleMetrics } from "../fixtures/sample-telemetry.ts";
import { startTestCollector, type TestCollector } from "../fixtures/test-collector.ts";
import { collectFamilies, type Figures } from "./collect-families.ts";
import { timeCommits } from "./commit-timer.ts";
import { metricsRoute } from "./metrics-route.ts";

let collector: TestCollector;
beforeAll(async () => {
  collector = await startTestCollector();
});
afterAll(() => collector.remove());

const FIGURES: Figures = {
  stats: {
    ...{ startedAt: 1000, bytesOnDisk: 5, rows: {} },
    received: { metrics: 1, logs: 2, traces: 3 },
    refused: { metrics: 0, logs: 0, traces: 0 },
    capped: { version: 7 },
  },
  totals: [],
  rules: [],
  commits: [],
};

test("a running collector tells what it took and what devices did", async () => {
  const sent = metricsRequest("now", sampleMetrics(Date.now()));
  await collector.post("/v1/metrics", sent);
  await collector.post("/v1/metrics", sent);
  const response = await fetch(`${collector.url}/metrics`);
  expect(response.headers.get("content-type")).toBe("text/plain; version=0.0.4; charset=utf-8");
  const lines = (await response.text()).split("\n");
  const told = (start: string) =>
    Number(
      lines
        .find((line) => line.startsWith(start))
        ?.split(" ")
        .at(-1),
    );
  expect(told('selvedge_collector_received_total{signal="metrics"}')).toBe(36);
  expect(told("selvedge_collector_commit_seconds_count")).toBe(2);
  expect(told('selvedge_collector_commit_seconds_bucket{le="+Inf"}')).toBe(2);
  expect(told("selvedge_collector_store_bytes")).toBeGreaterThan(1000);
  // The repeat of a batch counts once.
  expect(told('selvedge_predictions_total{model="rec",version="1.0.0"}')).toBe(200);
  expect(told('selvedge_failures_total{model="rec",version="1.1.0"}')).toBe(2);
  expect(told('selvedge_loads_total{model="rec",version="1.1.0"}')).toBe(3);
});

test("what was counted as other is told by label", () => {
  const families = collectFamilies(FIGURES);
  const capped = families.find(({ name }) => name === "selvedge_collector_capped_total");
  expect(capped).toMatchObject({
    type: "counter",
    samples: [{ labels: { label: "version" }, value: 7 }],
  });
});

test("every state of a rule is told, those that nothing is in as well", () => {
  const since = { since: 0, value: 1 };
  const families = collectFamilies({
    ...FIGURES,
    rules: [
      {
        ...{ name: "slow", kind: "threshold", severity: "warning", summary: "", unit: "number" },
        instances: [
          { labels: {}, state: "firing", ...since },
          { labels: {}, state: "firing", ...since },
        ],
      },
    ],
  });
  const { samples } = families.find(({ name }) => name === "selvedge_alerts") ?? { samples: [] };
  expect(samples.map(({ labels, value }) => [labels?.["state"], value])).toEqual([
    ...[
      ["ok", 0],
      ["pending", 0],
      ["firing", 2],
      ["no-data", 0],
    ],
  ]);
});

test("commits are counted into buckets by how long they took, and those that failed are not", async () => {
  let nowMs = 0;
  const durations = [3, 30, 30, 60_000];
  const store = createRecordingStore();
  const timer = timeCommits(
    {
      ...store,
      ingestLogs: async () => {
        nowMs += durations.shift() ?? 0;
      },
      ingestTraces: () => Promise.reject(new Error("full")),
    },
    () => nowMs,
  );
  for (let i = 0; i < 4; i++) await timer.store.ingestLogs([]);
  await expect(timer.store.ingestTraces([])).rejects.toThrow("full");
  const samples = timer.samples();
  const bucket = (le: string) => samples.find(({ labels }) => labels?.["le"] === le)?.value;
  expect([bucket("0.005"), bucket("0.05"), bucket("10"), bucket("+Inf")]).toEqual([1, 3, 3, 4]);
  expect(samples.slice(-2)).toEqual([
    { suffix: "_sum", value: 60.063 },
    { suffix: "_count", value: 4 },
  ]);
});

test("is asked of the store once in a while, however often it is scraped, and again after a failure", async () => {
  let asked = 0;
  let nowMs = 0;
  const app = metricsRoute(
    async () => {
      asked += 1;
      if (asked === 2) throw new Error("busy");
      return FIGURES;
    },
    () => nowMs,
  );
  app.onError((_, context) => context.text("no", 503));
  await Promise.all([app.request("/metrics"), app.request("/metrics")]);
  expect(asked).toBe(1);
  nowMs += 6000;
  expect((await app.request("/metrics")).status).toBe(503);
  expect((await app.request("/metrics")).status).toBe(200);
});
