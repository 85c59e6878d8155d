import { METRICS } from "@selvedge/protocol";
import fc from "fast-check";
import { expect, test } from "vitest";
import type { Store, Window } from "../store.ts";
import { batchOf, durations, failures, NOON, predictions } from "./sample-batch.ts";
import {
  distribution,
  featuresBatch,
  irregular,
  judged,
  predictionRecord,
} from "./sample-records.ts";
import type { StoreUnderTest } from "./store-contract.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = { from: NOON - 12 * HOUR, to: NOON + 12 * HOUR };

/** Everything that can be asked of a window, but for how exact a duration is. */
async function everything(store: Store, window: Window): Promise<unknown> {
  const { groups, dropped } = await store.health(window);
  const { counts, errors } = await store.feedback(window);
  return {
    models: await store.models(window),
    failures: await store.failures(window),
    health: groups.map(({ latency, memoryP95: _, ...rest }) => ({ ...rest, n: latency?.count })),
    dropped,
    figures: (await store.figures(window)).map(({ latency, ...rest }) => ({
      ...rest,
      seen: [latency.count, latency.min, latency.max, latency.zeroCount, Math.fround(latency.sum)],
    })),
    feedback: [counts, errors.map(({ histogram }) => histogram.count)],
  };
}

/** What a store answers does not depend on what it has rolled up, until that has been dropped. */
export function maintenanceContract({ open }: StoreUnderTest): void {
  test("answers alike before and after it was rolled up, whatever comes in whatever order", async () => {
    const store = await open();
    let run = 0;
    const point = fc.record({
      // Within some hours, so that windows have edges, whole minutes and whole hours.
      at: fc.integer({ min: 0, max: 5 * HOUR }),
      seconds: fc.array(fc.double({ min: 0, max: 1e6, noNaN: true }), { maxLength: 4 }),
      backend: fc.constantFrom("wasm", "webgpu"),
      device: fc.constantFrom("mobile-low", undefined),
      rolledUpAfter: fc.boolean(),
    });
    const time = fc.integer({ min: -HOUR, max: 6 * HOUR });
    await fc.assert(
      fc.asyncProperty(
        fc.array(point, { minLength: 1, maxLength: 8 }),
        time,
        time,
        async (points, one, other) => {
          const model = `m${run++}`;
          for (const { at, seconds, rolledUpAfter, backend, device } of points) {
            const labels = { model, backend, timeMs: NOON + at, ...(device && { device }) };
            await store.ingestMetrics([
              batchOf(undefined, [predictions(seconds, labels), failures(2, labels)]),
              batchOf(undefined, [{ ...judged(1, { correct: true, label: "a" }), ...labels }]),
            ]);
            if (rolledUpAfter) await store.maintain(NOON + 6 * HOUR);
          }
          const [from, to] = [NOON + Math.min(one, other), NOON + Math.max(one, other) + 1];
          const within = points.filter(({ at }) => NOON + at >= from && NOON + at < to);
          const before = await everything(store, { from, to, model });
          const [figures] = await store.figures({ from, to, model });
          expect(figures?.failures ?? 0).toBe(2 * within.length);
          expect(figures?.predictions ?? 0).toBe(within.flatMap(({ seconds }) => seconds).length);
          await store.maintain(NOON + 6 * HOUR);
          expect(await everything(store, { from, to, model })).toEqual(before);
          await store.maintain(NOON + 6 * HOUR);
          expect(await everything(store, { from, to, model })).toEqual(before);
        },
      ),
      { numRuns: 6 },
    );
  }, 120_000);

  test("counts what comes late for a minute that was rolled up already, once", async () => {
    const store = await open();
    const window = { from: NOON, to: NOON + HOUR, stepMs: 10 * MINUTE };
    for (let sent = 1; sent <= 3; sent++) {
      const batch = batchOf(`late-${sent}`, [predictions([0.1, 0.2]), failures(1)]);
      await store.ingestMetrics([batch]);
      await store.ingestMetrics([batch]);
      expect((await store.predictions(window)).series[0]?.counts[0]).toBe(2 * sent);
      await store.maintain(NOON + sent * MINUTE);
      expect((await store.predictions(window)).series[0]?.counts[0]).toBe(2 * sent);
      expect((await store.failures(window)).failures[0]?.count).toBe(sent);
    }
  });

  test("keeps quantiles within 4.4% when it rolls up, negative errors included", async () => {
    const store = await open();
    const seconds = Array.from({ length: 400 }, (_, i) => 0.02 * 1.01 ** i);
    const errors = seconds.map((value, i) => (i % 2 === 0 ? -value : value));
    const points = seconds.map((value, i) =>
      predictions([value], { scale: 20, timeMs: NOON + i * 10 }),
    );
    await store.ingestMetrics([
      batchOf("a", [...points, durations(METRICS.feedbackError, errors)]),
    ]);
    await store.maintain(NOON + HOUR);
    const { predict } = await store.latency({ ...DAY, stepMs: 24 * HOUR });
    for (const [q, answer] of [
      [0.5, predict[0]?.p50],
      [0.95, predict[0]?.p95],
      [0.99, predict[0]?.p99],
    ] as const) {
      const exact = (seconds[Math.ceil(q * seconds.length) - 1] ?? 0) * 1000;
      expect(Math.abs((answer ?? 0) / exact - 1)).toBeLessThan(0.044);
    }
    const [error] = (await store.feedback(DAY)).errors;
    const total = (counts: readonly number[]) => counts.reduce((sum, count) => sum + count, 0);
    expect(total(error?.histogram.negative.counts ?? [])).toBe(200);
    expect(total(error?.histogram.positive.counts ?? [])).toBe(200);
  });

  test("rolls up histograms at the ends of what a number can be", async () => {
    const store = await open();
    await store.ingestMetrics([
      batchOf("a", [
        predictions([5e-324, 1e308], { scale: 20 }),
        predictions([1e-300], { scale: 20 }),
        predictions([-1e-9, -5, 0, 3], { scale: -10 }),
      ]),
    ]);
    await store.maintain(NOON + HOUR);
    const [figures] = await store.figures(DAY);
    expect(figures).toMatchObject({
      predictions: 7,
      latency: { min: -5, max: 1e308, zeroCount: 1 },
    });
  });

  test("adds up a contributor's day, and weighs it once", async () => {
    const store = await open();
    const send = (id: string, hour: number) =>
      store.ingestMetrics([
        featuresBatch(id, [
          distribution("a", [1, 3], { timeMs: NOON + hour * HOUR }),
          irregular("a", "missing", 4, { timeMs: NOON + hour * HOUR }),
          distribution(`b${id}`, [5, 0], { timeMs: NOON + hour * HOUR, epsilon: 1 }),
        ]),
      ]);
    for (const hour of [1, 2, 5]) {
      await send(`${hour}`, hour);
      await store.maintain(NOON + 6 * HOUR);
    }
    await send("7", 7);
    const week = { from: NOON - 48 * HOUR, to: NOON + 72 * HOUR };
    const expected = [
      { epsilon: undefined, contributors: 1, shares: [0.125, 0.375], irregular: { missing: 0.5 } },
      { epsilon: 1, contributors: 4, shares: [4, 0], holders: [4, 0] },
    ];
    expect(await store.distributions(week)).toMatchObject(expected);
    // After two days raw points are gone; a day of distributions is kept as a whole.
    await store.maintain(NOON + 72 * HOUR);
    expect(await store.distributions(week)).toMatchObject(expected);
    const partOfDay = { from: NOON + HOUR, to: NOON + 2 * HOUR };
    expect(await store.distributions(partOfDay)).toMatchObject(expected);
  });

  test("drops raw points after two days, minutes after two weeks, hours after 400 days", async () => {
    const store = await open();
    await store.ingestMetrics([batchOf("a", [predictions([0.1, 0.2]), failures(3)])]);
    await store.ingestMetrics([
      batchOf("b", [predictions([0.1], { timeMs: NOON + 30 * MINUTE }), failures(3)]),
    ]);
    await store.ingestLogs([{ id: "a", records: [predictionRecord()] }]);
    const firstMinute = { from: NOON, to: NOON + MINUTE };
    const predicted = async (window: Window) =>
      (await store.figures(window)).reduce((sum, { predictions }) => sum + predictions, 0);
    const rows = async () => (await store.size()).rows;
    await store.maintain(NOON + 47 * HOUR);
    expect(await store.prediction("p-1")).toBeDefined();
    expect((await rows())["histogram_point"] ?? 2).toBe(2);

    await store.maintain(NOON + 49 * HOUR);
    expect(await store.prediction("p-1")).toBeUndefined();
    expect((await rows())["histogram_point"] ?? 0).toBe(0);
    expect(await predicted(firstMinute)).toBe(2);
    expect(await predicted({ from: NOON + 10, to: NOON + 20 })).toBe(2);
    expect(await predicted({ from: 0, to: NOON + HOUR })).toBe(3);
    expect((await store.failures(DAY)).failures[0]?.count).toBe(6);

    await store.maintain(NOON + 15 * 24 * HOUR);
    // Of the minute nothing is known any more; its hour is answered.
    expect(await predicted(firstMinute)).toBe(3);
    expect(await predicted({ from: NOON + HOUR, to: NOON + 2 * HOUR })).toBe(0);

    await store.maintain(NOON + 401 * 24 * HOUR);
    expect(await predicted(DAY)).toBe(0);
    expect((await store.models(DAY)).models).toEqual([]);
  });

  test("takes what is older than it keeps raw points, and has it in its hour", async () => {
    const store = await open();
    await store.maintain(NOON + 72 * HOUR);
    const window = { from: NOON, to: NOON + HOUR };
    for (let sent = 1; sent <= 2; sent++) {
      await store.ingestMetrics([batchOf(`${sent}`, [failures(1)])]);
      expect((await store.failures(window)).failures[0]?.count).toBe(sent);
      await store.maintain(NOON + 72 * HOUR);
      expect((await store.failures(window)).failures[0]?.count).toBe(sent);
    }
  });

  test("remembers the ids of batches for as long as devices keep them, and not for ever", async () => {
    const store = await open();
    const batch = batchOf("a", [failures(1)]);
    const count = async () => (await store.failures(DAY)).failures[0]?.count;
    await store.ingestMetrics([batch]);
    await store.maintain(Date.now() + 7 * 24 * HOUR);
    await store.ingestMetrics([batch]);
    expect(await count()).toBe(1);
    await store.maintain(Date.now() + (8 * 24 + 1) * HOUR);
    await store.ingestMetrics([batch]);
    expect(await count()).toBe(2);
  });

  test("takes batches and answers while it is rolled up", async () => {
    const store = await open();
    const work: Promise<unknown>[] = [];
    for (let n = 0; n < 30; n++) {
      work.push(store.ingestMetrics([batchOf(`${n}`, [failures(1)])]));
      if (n % 5 === 0) work.push(store.maintain(NOON + HOUR), store.failures(DAY));
    }
    await Promise.all(work);
    await store.maintain(NOON + HOUR);
    expect((await store.failures(DAY)).failures[0]?.count).toBe(30);
  });
}
