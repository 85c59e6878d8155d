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

  test("tells of as many series as an answer has room for, the others as one, and loses nothing", async () => {
    const store = await open();
    const versions = Array.from({ length: 130 }, (_, i) => `1.0.${i}`);
    // More of some than of others, each in another step and at a scale of its own.
    const points = versions.map((version, i) =>
      predictions(
        Array.from({ length: i < 40 ? 3 : 1 }, () => 0.1),
        { version, scale: 2 + (i % 9), timeMs: NOON + i * 1000 },
      ),
    );
    await store.ingestMetrics([batchOf("a", points)]);
    const window = { from: NOON, to: NOON + 999_000, stepMs: 1000 };
    const { series } = await store.predictions(window);
    const sum = (counts: readonly number[]) => counts.reduce((total, count) => total + count, 0);
    expect(series).toHaveLength(101);
    expect(sum(series.flatMap(({ counts }) => counts))).toBe(130 + 80);
    expect(series.filter(({ counts }) => sum(counts) === 3)).toHaveLength(40);
    const other = series.find(({ version }) => version === "other");
    expect(other).toMatchObject({ model: "other", backend: "other" });
    expect(sum(other?.counts ?? [])).toBe(30);
    const { predict } = await store.latency(window);
    expect(predict).toHaveLength(101);
    expect(predict.find(({ version }) => version === "other")).toMatchObject({ count: 30 });
    expect(predict.reduce((total, { count }) => total + count, 0)).toBe(130 + 80);
    for (const { p50 } of predict) expect(Math.abs(p50 - 100)).toBeLessThan(10);
    // In fewer steps there is room for all of them.
    expect((await store.predictions({ ...window, stepMs: 10_000 })).series).toHaveLength(130);
  });

  test("tells loads and predictions apart by labels of their own, and has room for each as if it were alone", async () => {
    const store = await open();
    const phases = Array.from({ length: 60 }, (_, i) => `phase-${i}`);
    const dtypes = Array.from({ length: 60 }, (_, i) => `dtype-${i}`);
    const loads = phases.flatMap((phase) =>
      ["fp32", "q8"].map((dtype) => durations(METRICS.loadDuration, [0.1], { phase, dtype })),
    );
    const calls = dtypes.map((dtype, i) => predictions([0.1], { dtype, phase: `phase-${i % 2}` }));
    await store.ingestMetrics([batchOf("a", [...loads, ...calls])]);
    // A thousand steps leave room for a hundred series; loads have no steps.
    const { predict, load } = await store.latency({ from: NOON, to: NOON + 1000, stepMs: 1 });
    expect(load.map(({ phase, count }) => [phase, count])).toEqual(
      phases.toSorted().map((phase) => [phase, 2]),
    );
    expect(predict.map(({ dtype, count }) => [dtype, count])).toEqual(
      dtypes.toSorted().map((dtype) => [dtype, 1]),
    );
  });

  test("lists ten thousand versions, those that most was heard of", async () => {
    const store = await open();
    const versions = Array.from({ length: 10_010 }, (_, i) => `1.0.${i}`);
    const points = versions.map((version, i) => failures(i < 10 ? 1 : 2, { version }));
    await store.ingestMetrics([batchOf("a", points)]);
    const { models } = await store.models(HOUR);
    const listed = models.flatMap((model) => model.versions);
    expect(listed).toHaveLength(10_000);
    expect(listed.filter(({ version }) => /^1\.0\.\d$/.test(version))).toEqual([]);
    // Failures by kind have room for as many: sums are kept, and names lost.
    const { failures: kinds } = await store.failures(HOUR);
    expect(kinds).toHaveLength(10_001);
    expect(kinds.find(({ version }) => version === "other")).toMatchObject({ count: 10 });
    const { groups } = await store.health(HOUR);
    expect(groups.reduce((sum, group) => sum + group.failures, 0)).toBe(20_010);
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
