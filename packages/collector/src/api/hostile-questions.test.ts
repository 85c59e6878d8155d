import { ATTRIBUTES, FEEDBACK, toOtlpAttributes } from "@selvedge/protocol";
import fc from "fast-check";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { metricsRequest } from "../fixtures/otlp-request.ts";
import { manifestWithReference, sampleMetrics } from "../fixtures/sample-telemetry.ts";
import { startTestCollector, type TestCollector } from "../fixtures/test-collector.ts";

/** Names that every object has, and others that are no names. */
const NAMES = ["__proto__", "constructor", "toString", "other", "unknown", "", "a\0b", "\u202e"];

let collector: TestCollector;
beforeAll(async () => {
  collector = await startTestCollector({
    "registry/rec/1.0.0/manifest.json": manifestWithReference([1, 2]),
  });
  const now = Date.now();
  const named = NAMES.flatMap((name) =>
    sampleMetrics(now).map((metric) => withNames(metric, name)),
  );
  const body = metricsRequest("names", [...sampleMetrics(now), ...named]);
  expect(await (await collector.post("/v1/metrics", body)).json()).toEqual({});
});
afterAll(() => collector.remove());

/** The same metric as something of this name would have sent it. */
function withNames<T>(metric: T, name: string): T {
  const keys = [...Object.values(ATTRIBUTES), FEEDBACK.predicted, FEEDBACK.label, name];
  const attributes = toOtlpAttributes(Object.fromEntries(keys.map((key) => [key, name])));
  const others = new Set(keys);
  return JSON.parse(JSON.stringify(metric), (key, value) =>
    key === "attributes"
      ? [...value.filter((one: { key: string }) => !others.has(one.key)), ...attributes]
      : value,
  );
}

const ROUTES = [
  ...["models", "predictions", "latency", "failures", "health", "drift", "accuracy"],
  ...["comparison", "alerts", "stats", "openapi.json", "nothing", "predictions/p", "predictions/"],
];

const value = fc.oneof(
  fc.constantFrom(
    ...["0", "1", "-1", "1e3", "NaN", "Infinity", "0x10", "8640000000000000", "9".repeat(400)],
    ...["rec", "1.0.0", "../..", "reference", "previous", "%", "%00", "%ff", "[]", "null"],
    ...NAMES,
  ),
  fc.string(),
  fc.nat({ max: 8_640_000_000_000_000 }).map(String),
);
const parameter = fc.constantFrom(
  ...["from", "to", "step", "model", "version", "baseline", "a", "b"],
  ...["from[]", "model[__proto__]", "__proto__", "constructor"],
);

test("whatever is asked, a question is answered or its parameter named, and nothing breaks", async () => {
  const log = vi.spyOn(console, "error").mockReturnValue();
  const question = fc.record({
    route: fc.constantFrom(...ROUTES),
    // The same parameter may come twice.
    query: fc.array(fc.tuple(parameter, value), { maxLength: 5 }),
    isRaw: fc.boolean(),
  });
  await fc.assert(
    fc.asyncProperty(question, async ({ route, query, isRaw }) => {
      const pairs = query.map(([name, text]) =>
        isRaw && /^[\x21-\x7e]*$/.test(text)
          ? `${name}=${text}`
          : new URLSearchParams([[name, text]]),
      );
      const { status, body } = await collector.raw(`/api/${route}?${pairs.join("&")}`);
      expect([200, 400, 404]).toContain(status);
      if (status !== 200) expect(JSON.parse(body)).toMatchObject({ message: expect.any(String) });
    }),
    { numRuns: 150 },
  );
  expect(log).not.toHaveBeenCalled();
  log.mockRestore();
});

test.each([
  ["/api/predictions?from=0&to=8640000000000000&step=1", 400],
  ["/api/latency?from=0&to=31536000000&step=1", 400],
  ["/api/latency?from=0&to=8640000000000000", 200],
  ["/api/predictions?from=8639999999999999&to=8640000000000000", 200],
  ["/api/drift?model=rec&version=1.0.0&from=0&to=8640000000000000", 200],
  ["/api/drift?model=rec&version=constructor", 404],
  ["/api/accuracy?from=0&to=8640000000000000", 200],
  ["/api/comparison?model=constructor&a=constructor&b=toString", 200],
  ["/api/health?from=5&from=x", 200],
])("%s is answered with %i", async (question, status) => {
  expect((await collector.raw(question)).status).toBe(status);
});

test("names that every object has are names like others", async () => {
  const ask = async (question: string) => JSON.parse((await collector.raw(question)).body);
  const { models } = await ask("/api/models");
  const names = models.map(({ name }: { name: string }) => name);
  expect(names).toEqual(expect.arrayContaining(["__proto__", "constructor", "toString", "rec"]));
  const { versions } = await ask("/api/accuracy");
  const judged = versions.find(({ model }: { model: string }) => model === "__proto__");
  expect(judged).toMatchObject({ version: "__proto__", judged: 220, classNames: {} });
  const metrics = await collector.raw("/metrics");
  expect(metrics.body).toContain('selvedge_predictions_total{model="__proto__"');
});
