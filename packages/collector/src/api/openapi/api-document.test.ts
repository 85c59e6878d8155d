import { type AlertsAnswer, Field } from "@selvedge/protocol";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { readAlerts } from "../../alerts/read-alerts.ts";
import { DEFAULT_CONFIG } from "../../config/collector-config.ts";
import { createApp } from "../../create-app.ts";
import { answerValidator } from "../../fixtures/answer-validator.ts";
import { eventually } from "../../fixtures/eventually.ts";
import { metricsRequest } from "../../fixtures/otlp-request.ts";
import { createRecordingStore } from "../../fixtures/recording-store.ts";
import {
  distributionMetric,
  manifestWithReference,
  manyTruths,
  predictionLog,
  predictionSpan,
  sampleMetrics,
} from "../../fixtures/sample-telemetry.ts";
import { startTestCollector, type TestCollector } from "../../fixtures/test-collector.ts";
import { decodeMetrics } from "../../ingest/decode-metrics.ts";
import type { Store } from "../../store/store.ts";
import { API_DOCUMENT } from "./api-document.ts";

const DAY_MS = 86_400_000;
const BOUNDS = [1, 2, 3, 4, 5, 6, 7, 8, 9];

/** Rules that fire over what is sent here: one tells a webhook that nobody answers, one tells nobody. */
const ALERTS = {
  every: "1s",
  rules: [
    {
      ...{ name: "busy", kind: "threshold", metric: "predictions", above: 1 },
      ...{ webhook: { url: "http://127.0.0.1:9/" } },
    },
    { name: "shifted", kind: "drift" },
  ],
};

let collector: TestCollector;
const now = Date.now();

const ask = async (question: string) => (await fetch(collector.url + question)).json();

beforeAll(async () => {
  const contributors = Array.from({ length: 700 }, (_, i) => ({
    id: `contributor-${i}`,
    counts: BOUNDS.concat(0).map((_edge, bin) => Number(bin === i % 7)),
  }));
  const yesterday = now - (now % DAY_MS) - 2 * DAY_MS + 1000;
  const sent = distributionMetric(contributors, { bounds: BOUNDS, timeMs: yesterday });
  const files = {
    "registry/rec/1.0.0/manifest.json": manifestWithReference(BOUNDS),
    "registry/rec/broken/manifest.json": "{}",
  };
  // A day that is over takes nothing more: what is there was sent on it.
  const fill = (store: Store) =>
    store.ingestMetrics(
      decodeMetrics(metricsRequest("then", [sent, ...manyTruths(yesterday)]), now).batches,
    );
  const alerts = readAlerts(Field.fromJson(JSON.stringify(ALERTS), "alerts", "options-invalid"));
  collector = await startTestCollector(files, {}, { fill, config: { ...DEFAULT_CONFIG, alerts } });
  for (const [path, body] of [
    ["/v1/metrics", metricsRequest("now", sampleMetrics(now))],
    ["/v1/logs", predictionLog("p-1", now)],
    ["/v1/traces", predictionSpan("p-1", now)],
  ] as const)
    expect(await (await collector.post(path, body)).json()).toEqual({});
  const fired = async () => {
    const { history }: AlertsAnswer = await ask("/api/alerts");
    return new Set(history.filter(({ to }) => to === "firing").map(({ rule }) => rule));
  };
  await eventually(async () => expect(await fired()).toEqual(new Set(["busy", "shifted"])));
});
afterAll(() => collector.remove());

/** One question for each route, or more, and which lists are empty in its answer. */
const QUESTIONS = [
  ["/api/models", "/api/models", []],
  ["/api/predictions", "/api/predictions?step=60000", []],
  ["/api/predictions/{id}", "/api/predictions/p-1", []],
  ["/api/latency", "/api/latency?model=rec", []],
  ["/api/failures", "/api/failures", []],
  ["/api/health", "/api/health", []],
  ["/api/drift", "/api/drift?model=rec&version=1.0.0", []],
  // There is nothing before the first block that it could be held against.
  ["/api/drift", "/api/drift?model=rec&version=1.0.0&baseline=previous", ["bins"]],
  ["/api/accuracy", `/api/accuracy?model=rec&from=${now - 3 * DAY_MS}`, []],
  ["/api/comparison", "/api/comparison?model=rec&a=1.0.0&b=1.1.0", []],
  ["/api/alerts", "/api/alerts", []],
  ["/api/stats", "/api/stats", []],
  ["/api/openapi.json", "/api/openapi.json", ["parameters", "readToken"]],
] as const;

test.each(QUESTIONS)("%s is answered as the document says: %s", async (path, question, empty) => {
  const answer = await ask(question);
  const validate = answerValidator(path, 200);
  expect([validate(answer), validate.errors, question]).toEqual([true, null, question]);
  // Lists that are empty would hide that what is in them is described wrongly.
  const lists = JSON.stringify(answer).matchAll(/"(\w+)":\[\]/g);
  expect(new Set([...lists].map(([, name]) => name))).toEqual(new Set(empty));
});

test.each([
  ["/api/models", "/api/models?from=x", 400],
  ["/api/predictions/{id}", `/api/predictions/${"x".repeat(200)}`, 400],
  ["/api/predictions/{id}", "/api/predictions/unknown", 404],
  ["/api/drift", "/api/drift?model=rec", 400],
  ["/api/drift", "/api/drift?model=rec&version=1.0.0&baseline=yesterday", 400],
  ["/api/drift", "/api/drift?model=rec&version=9.9.9", 404],
  ["/api/comparison", "/api/comparison?model=rec&a=1.0.0", 400],
  ["/api/comparison", "/api/comparison?model=..%2f..&a=1.0.0&b=1.1.0", 400],
] as const)(
  "%s answers a wrong question as the document says: %s",
  async (path, question, status) => {
    const response = await fetch(collector.url + question);
    expect(response.status).toBe(status);
    const validate = answerValidator(path, status);
    expect([validate(await response.json()), validate.errors]).toEqual([true, null]);
  },
);

test("every route is in the document, and every path of the document is a route", () => {
  const routes = createApp(createRecordingStore())
    .reading.routes.filter(({ method, path }) => method === "GET" && path.startsWith("/api/"))
    .map(({ path }) => path.replaceAll(/:(\w+)/g, "{$1}"));
  expect([...new Set(routes)].toSorted()).toEqual(Object.keys(API_DOCUMENT.paths).toSorted());
});

describe("what the store holds reaches the answers", () => {
  test("a shift of yesterday is named, with bins that have fifty contributors each", async () => {
    const { features } = await ask("/api/drift?model=rec&version=1.0.0");
    expect(features).toMatchObject([{ feature: "age", verdict: "drifting", contributors: 700 }]);
    expect(features[0].bins.at(-1)).toMatchObject({ label: "(6, ∞)", baseline: 0.4 });
  });

  test("versions are compared on what devices sent", async () => {
    const { comparisons } = await ask("/api/comparison?model=rec&a=1.0.0&b=1.1.0");
    expect(comparisons.map(({ verdict }: { verdict: string }) => verdict)).toEqual(
      new Array(4).fill("no-difference"),
    );
    expect(comparisons[3].a).toEqual({ value: 90 / 110, count: 110 });
  });

  test("a prediction is found by its id, with its record and its span", async () => {
    const { steps } = await ask("/api/predictions/p-1");
    expect(steps.map(({ kind }: { kind: string }) => kind).toSorted()).toEqual(["record", "span"]);
  });

  test("a manifest that is broken is the collector's fault, and is not shown", async () => {
    const log = vi.spyOn(console, "error").mockReturnValue();
    const response = await fetch(`${collector.url}/api/drift?model=rec&version=broken`);
    expect(response.status).toBe(500);
    const validate = answerValidator("/api/drift", 500);
    const problem = await response.json();
    expect([validate(problem), validate.errors]).toEqual([true, null]);
    expect(problem).toMatchObject({ code: "internal" });
    expect(log).toHaveBeenCalledOnce();
    log.mockRestore();
  });

  test("alerts tell what fires, and whether anybody was told", async () => {
    const { rules, history }: AlertsAnswer = await ask("/api/alerts");
    expect(rules.map(({ instances }) => instances.map(({ state }) => state))).toEqual([
      ["firing", "firing"],
      ["firing"],
    ]);
    const told = history.map(({ rule, delivered }) => `${rule} ${delivered}`);
    expect(new Set(told)).toEqual(new Set(["busy false", "shifted null"]));
  });

  test("stats tell what was received", async () => {
    expect(await ask("/api/stats")).toMatchObject({
      received: { metrics: 18, logs: 1, traces: 1 },
      refused: { metrics: 0, logs: 0, traces: 0 },
    });
  });
});
