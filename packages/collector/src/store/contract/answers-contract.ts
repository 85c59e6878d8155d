import { METRICS } from "@selvedge/protocol";
import fc from "fast-check";
import { expect, test } from "vitest";
import { batchOf, durations, failures, NOON, predictions } from "./sample-batch.ts";
import type { StoreUnderTest } from "./store-contract.ts";

const MINUTE = 60_000;
const HOUR = { from: NOON, to: NOON + 60 * MINUTE, stepMs: 10 * MINUTE };

/** What a store answers, given what it was told. */
export function answersContract({ open }: StoreUnderTest): void {
  test("counts predictions by step, model, version and backend", async () => {
    const store = await open();
    await store.ingestMetrics([
      batchOf("a", [predictions([0.1, 0.2]), predictions([0.1], { backend: "webgpu" })]),
      batchOf("b", [predictions([0.3], { timeMs: NOON + 25 * MINUTE })]),
      batchOf("c", [predictions([1], { model: "det" })]),
    ]);
    const rec = { model: "rec", version: "1.0.0" };
    expect((await store.predictions({ ...HOUR, model: "rec" })).series).toEqual([
      { ...rec, backend: "wasm", counts: [2, 0, 1, 0, 0, 0] },
      { ...rec, backend: "webgpu", counts: [1, 0, 0, 0, 0, 0] },
    ]);
    expect((await store.predictions(HOUR)).series).toHaveLength(3);
  });

  test("counts what begins with the window and leaves out what begins with its end", async () => {
    const store = await open();
    const at = (timeMs: number) => predictions([0.1], { timeMs });
    await store.ingestMetrics([
      batchOf("a", [at(NOON - 1), at(NOON), at(NOON + MINUTE - 1), at(NOON + MINUTE)]),
    ]);
    const window = { from: NOON, to: NOON + MINUTE, stepMs: MINUTE };
    expect((await store.predictions(window)).series).toMatchObject([{ counts: [2] }]);
  });

  test("gives quantiles in milliseconds, close to the exact ones, however points are cut", async () => {
    const store = await open();
    let run = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.array(
          fc.record({
            seconds: fc.array(fc.double({ min: 0.001, max: 100, noNaN: true }), { minLength: 1 }),
            scale: fc.integer({ min: 5, max: 20 }),
            minute: fc.integer({ min: 0, max: 59 }),
          }),
          { minLength: 1, maxLength: 8 },
        ),
        async (points) => {
          const model = `m${run++}`;
          const histograms = points.map(({ seconds, scale, minute }) =>
            predictions(seconds, { model, scale, timeMs: NOON + minute * MINUTE }),
          );
          await store.ingestMetrics([batchOf(model, histograms)]);
          const { predict } = await store.latency({ ...HOUR, model });
          const sorted = points.flatMap(({ seconds }) => seconds).sort((a, b) => a - b);
          expect(predict).toHaveLength(1);
          expect(predict[0]?.count).toBe(sorted.length);
          // A hundred thousand to one over 160 buckets is known to within 4%.
          for (const [q, name] of [
            [0.5, "p50"],
            [0.95, "p95"],
            [0.99, "p99"],
          ] as const) {
            const exact = (sorted[Math.ceil(q * sorted.length) - 1] ?? 0) * 1000;
            const answer = predict[0]?.[name] ?? 0;
            expect(Math.abs(answer - exact) / exact).toBeLessThan(0.05);
          }
          const inSteps = predict[0]?.steps.reduce((sum, step) => sum + (step?.count ?? 0), 0);
          expect(inSteps).toBe(sorted.length);
        },
      ),
      { numRuns: 25 },
    );
  });

  test("says nothing was measured in steps without points", async () => {
    const store = await open();
    await store.ingestMetrics([batchOf("a", [predictions([0.1], { timeMs: NOON + MINUTE })])]);
    const { predict } = await store.latency({ from: NOON, to: NOON + 3 * MINUTE, stepMs: MINUTE });
    expect(predict[0]?.steps.map((step) => step?.count ?? null)).toEqual([null, 1, null]);
  });

  test("gives the durations of loading by phase", async () => {
    const store = await open();
    const load = (phase: string, seconds: number) =>
      durations(METRICS.loadDuration, [seconds], { phase });
    await store.ingestMetrics([batchOf("a", [load("fetch", 2), load("create", 0.5)])]);
    expect((await store.latency(HOUR)).load).toMatchObject([
      { model: "rec", backend: "wasm", phase: "create", count: 1, p50: 500 },
      { model: "rec", backend: "wasm", phase: "fetch", count: 1, p50: 2000 },
    ]);
  });

  test("adds up failures by code and operation, the most frequent first", async () => {
    const store = await open();
    await store.ingestMetrics([
      batchOf("a", [failures(2), failures(1, { error: "integrity" })]),
      batchOf("b", [failures(3, { timeMs: NOON + 5 }), failures(1, { operation: "predict" })]),
    ]);
    expect((await store.failures(HOUR)).failures).toMatchObject([
      { operation: "load", code: "network", count: 5, lastSeen: NOON + 5 },
      { operation: "load", code: "integrity", count: 1 },
      { operation: "predict", code: "network", count: 1 },
    ]);
  });

  test("lists models with their versions, dtypes, backends and when they were seen", async () => {
    const store = await open();
    await store.ingestMetrics([
      batchOf("a", [
        predictions([0.1, 0.1], { timeMs: NOON + 7 }),
        predictions([0.1], { dtype: "q8", backend: "webgpu" }),
        failures(4, { timeMs: NOON + 9 }),
        predictions([0.1], { version: "1.1.0" }),
        predictions([0.1], { model: "det" }),
      ]),
    ]);
    const { models } = await store.models(HOUR);
    expect(models.map(({ name, versions }) => [name, versions.length])).toEqual([
      ["det", 1],
      ["rec", 2],
    ]);
    expect(models[1]?.versions[0]).toEqual({
      version: "1.0.0",
      dtypes: ["fp32", "q8"],
      backends: ["wasm", "webgpu"],
      predictions: 3,
      failures: 4,
      firstSeen: NOON,
      lastSeen: NOON + 9,
    });
  });

  test("keeps metrics it does not know out of its answers", async () => {
    const store = await open();
    const point = durations("http.client.request.duration", [1]);
    await store.ingestMetrics([batchOf("a", [point, { ...failures(1), metric: "widgets" }])]);
    expect(await store.models(HOUR)).toEqual({ models: [] });
    expect((await store.predictions(HOUR)).series).toEqual([]);
    expect(await store.failures(HOUR)).toEqual({ failures: [] });
  });

  test("calls unknown what a point does not say", async () => {
    const store = await open();
    await store.ingestMetrics([batchOf("a", [{ ...predictions([1]), labels: {} }])]);
    expect((await store.predictions(HOUR)).series).toMatchObject([
      { model: "unknown", version: "unknown", backend: "unknown" },
    ]);
    expect((await store.predictions({ ...HOUR, model: "unknown" })).series).toHaveLength(1);
  });

  test("answers for histograms at the ends of what a number can be", async () => {
    const store = await open();
    const point = predictions([5e-324, 1e308], { scale: 20 });
    const [low, high] = [predictions([1e-300], { scale: 20 }), predictions([1e300], { scale: 20 })];
    const below = predictions([-1e-9, -5, 0, 3], { scale: -10 });
    await store.ingestMetrics([batchOf("a", [point, low, high, below])]);
    expect((await store.latency(HOUR)).predict).toMatchObject([{ count: 8 }]);
  });

  test("keeps texts as they are, whatever is in them", async () => {
    const store = await open();
    const texts = ["'); DROP TABLE meta; --", "模型 🧵", "a\u0000b", '"{}\\', " "];
    await store.ingestMetrics([
      batchOf(
        "a'; \u0000",
        texts.map((error) => failures(1, { error })),
      ),
    ]);
    const codes = (await store.failures(HOUR)).failures.map(({ code }) => code);
    expect(codes.sort()).toEqual(texts.sort());
  });
}
