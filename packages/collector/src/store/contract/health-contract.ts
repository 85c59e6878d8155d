import { METRICS } from "@selvedge/protocol";
import { expect, test } from "vitest";
import type { AlertChange } from "../store.ts";
import { batchOf, durations, failures, NOON, predictions } from "./sample-batch.ts";
import { judged, predictionRecord, span } from "./sample-records.ts";
import type { StoreUnderTest } from "./store-contract.ts";

const HOUR = { from: NOON, to: NOON + 3_600_000 };
const PHONE = { browser: "chrome 156", device: "mobile-low" } as const;

/** What a store answers of versions, feedback, single predictions and alerts. */
export function healthContract({ open }: StoreUnderTest): void {
  test("tells how each version does by backend, browser and device", async () => {
    const store = await open();
    const counted = (metric: string, value: number) => ({ ...failures(value, PHONE), metric });
    await store.ingestMetrics([
      batchOf("a", [
        predictions([0.1, 0.2], PHONE),
        predictions([0.3], { ...PHONE, dtype: "q8" }),
        predictions([0.1], { backend: "webgpu" }),
        durations(METRICS.engineMemory, [1e6, 5e7], PHONE),
        failures(2, PHONE),
        counted(METRICS.loads, 3),
        counted(METRICS.restarts, 4),
        counted(METRICS.rejections, 5),
      ]),
    ]);
    const { groups, dropped } = await store.health(HOUR);
    expect(dropped).toEqual([]);
    expect(groups).toHaveLength(2);
    expect(groups[0]).toMatchObject({
      ...{ model: "rec", version: "1.0.0", backend: "wasm", ...PHONE },
      ...{ predictions: 3, failures: 2, loads: 3, restarts: 4, rejections: 5 },
      latency: { count: 3, p99: 300 },
      memoryP95: 5e7,
    });
    expect(groups[1]).toMatchObject({
      ...{ backend: "webgpu", browser: "unknown", device: "unknown", predictions: 1, loads: 0 },
      memoryP95: null,
    });
  });

  test("shows a group that only failed, without durations", async () => {
    const store = await open();
    await store.ingestMetrics([batchOf("a", [failures(1, { model: "det" })])]);
    expect((await store.health(HOUR)).groups).toMatchObject([
      { model: "det", predictions: 0, failures: 1, latency: null, memoryP95: null },
    ]);
    expect((await store.health({ ...HOUR, model: "rec" })).groups).toEqual([]);
  });

  test("adds up what devices gave up by reason, the most first", async () => {
    const store = await open();
    const dropped = (value: number, reason: string, version: string) => ({
      ...failures(value, { reason, version }),
      metric: METRICS.dropped,
    });
    await store.ingestMetrics([
      batchOf("a", [
        dropped(1, "age", "1.0.0"),
        dropped(2, "quota", "1.0.0"),
        dropped(2, "quota", "2.0.0"),
      ]),
    ]);
    expect((await store.health(HOUR)).dropped).toEqual([
      { reason: "quota", count: 4 },
      { reason: "age", count: 1 },
    ]);
  });

  test("gives predictions, failures and durations of each version", async () => {
    const store = await open();
    await store.ingestMetrics([
      batchOf("a", [predictions([0.1, 0.2]), predictions([0.4], { backend: "webgpu" })]),
      batchOf("b", [predictions([0.5], { version: "1.1.0" }), failures(3)]),
      batchOf("c", [failures(1, { version: "2.0.0" })]),
      // Another engine answered, or nobody had asked: no call has failed.
      batchOf("d", [failures(9, { operation: "run" }), failures(9, { operation: "prove" })]),
    ]);
    const figures = await store.figures({ ...HOUR, model: "rec" });
    expect(figures).toMatchObject([
      { version: "1.0.0", predictions: 3, failures: 3, latency: { count: 3, max: 0.4 } },
      { version: "1.1.0", predictions: 1, failures: 0, latency: { count: 1, min: 0.5 } },
      { version: "2.0.0", predictions: 0, failures: 1, latency: { count: 0 } },
    ]);
  });

  test("adds up feedback by what was said, and leaves out what says neither right nor wrong", async () => {
    const store = await open();
    const hit = { correct: true, predicted: "cat", label: "cat", confidence: "9" };
    await store.ingestMetrics([
      batchOf("a", [
        judged(2, hit),
        judged(3, hit),
        judged(1, { ...hit, correct: false, label: 'it\'s a "dog"' }),
        judged(4, { correct: true, confidence: "many" }),
        judged(7, { predicted: "cat" }),
        judged(1, { ...hit, label: "\ud800" }),
        durations(METRICS.feedbackError, [-3, 4]),
      ]),
    ]);
    const [{ counts, errors } = { counts: [], errors: [] }] = await store.dailyFeedback(HOUR);
    const said = { model: "rec", version: "1.0.0", predicted: "cat", confidenceTenth: 9 };
    expect(counts).toHaveLength(3);
    expect(counts).toEqual(
      expect.arrayContaining([
        { ...said, correct: true, label: "cat", count: 5 },
        { ...said, correct: false, label: 'it\'s a "dog"', count: 1 },
        expect.objectContaining({ correct: true, confidenceTenth: undefined, count: 4 }),
      ]),
    );
    expect(errors).toMatchObject([{ model: "rec", histogram: { count: 2, min: -3, max: 4 } }]);
    const whole = await store.feedback(HOUR);
    expect(whole.errors).toEqual(errors);
    expect(whole.counts.map(({ correct, count, label }) => [correct, count, label])).toEqual([
      [false, 1, undefined],
      [true, 9, undefined],
    ]);
  });

  test("tells feedback by day, in UTC", async () => {
    const store = await open();
    const [dayMs, midnight] = [86_400_000, Math.floor(NOON / 86_400_000) * 86_400_000];
    const hit = { correct: true, predicted: "cat", label: "cat", confidence: "9" };
    const at = (timeMs: number, count: number) => ({ ...judged(count, hit), timeMs });
    const error = { ...durations(METRICS.feedbackError, [4]), timeMs: midnight };
    await store.ingestMetrics([
      batchOf("a", [
        at(midnight - 1, 2),
        at(midnight, 3),
        at(midnight + dayMs - 1, 4),
        error,
        at(midnight + 3 * dayMs, 5),
      ]),
    ]);
    const week = { from: midnight - dayMs, to: midnight + 6 * dayMs, model: "rec" };
    const ofDays = async () => {
      const days = await store.dailyFeedback(week);
      expect(days.map(({ day }) => (day - midnight) / dayMs)).toEqual([-1, 0, 3]);
      expect(days.map(({ errors }) => errors.length)).toEqual([0, 1, 0]);
      return days.map(({ counts }) => counts.map(({ count }) => count));
    };
    expect(await ofDays()).toEqual([[2], [7], [5]]);
    await store.maintain(midnight + 5 * dayMs);
    expect(await ofDays()).toEqual([[2], [7], [5]]);
    expect(await store.dailyFeedback({ ...week, model: "nobody-s" })).toEqual([]);
  });

  test("follows one prediction through its record and the spans of its trace", async () => {
    const store = await open();
    const elsewhere = { trace: "ffffffffffffffffffffffffffffffff" };
    await store.ingestLogs([
      { id: "a", records: [predictionRecord(), predictionRecord({ prediction: "p-2" })] },
      { id: "b", records: [predictionRecord({ prediction: undefined })] },
    ]);
    await store.ingestTraces([
      {
        id: "a",
        spans: [
          span(),
          span({
            name: "run",
            timeMs: NOON - 2,
            timeUs: 250,
            parent: "b7ad6b7169203331",
            isError: true,
          }),
          span({ name: "queue", timeMs: NOON - 2, durationMs: 0.25 }),
          span({ ...elsewhere, name: "mine", timeMs: NOON + 1, prediction: "p-1" }),
          span({ ...elsewhere, name: "of its trace", timeMs: NOON + 2 }),
          span({ name: "not mine", prediction: "p-2" }),
          span({ name: "not mine", trace: "eeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee" }),
        ],
      },
    ]);
    const answer = await store.prediction("p-1");
    expect(answer?.steps.map(({ kind, name }) => [kind, name])).toEqual([
      ["span", "predict"],
      ["span", "queue"],
      ["span", "run"],
      ["record", "selvedge.prediction"],
      ["span", "mine"],
      ["span", "of its trace"],
    ]);
    expect(answer?.steps[1]).toMatchObject({ at: NOON - 2, durationMs: 0.25 });
    expect(answer?.steps[2]).toMatchObject({
      at: NOON - 2 + 0.25,
      durationMs: 12.5,
      attributes: { "otel.status_code": "ERROR" },
    });
    expect(answer?.steps[3]).toMatchObject({
      durationMs: null,
      attributes: {
        "selvedge.model.name": "rec",
        "selvedge.queue.ms": 0.5,
        "selvedge.cohort": "blue",
      },
    });
    expect(await store.prediction("p-3")).toBeUndefined();
  });

  test("keeps a batch of spans once", async () => {
    const store = await open();
    const batch = { id: "a", spans: [span({ prediction: "p-1" })] };
    await store.ingestTraces([batch]);
    await store.ingestTraces([batch, batch]);
    expect((await store.prediction("p-1"))?.steps).toHaveLength(1);
  });

  test("remembers what alerts did, the latest first, after it was opened again", async () => {
    const first = await open();
    const change = (at: number, fields: Partial<AlertChange>): AlertChange => ({
      ...{ at, rule: "slow", labels: { model: "rec" }, from: "ok", to: "pending" },
      ...{ value: 1.5, delivered: null },
      ...fields,
    });
    await first.noteAlerts([
      change(NOON, {}),
      change(NOON, { from: "pending", to: "firing", delivered: true }),
    ]);
    await first.noteAlerts([change(NOON + 1, { from: "firing", to: "ok", value: null })]);
    await first.close();
    const second = await open();
    const history = await second.alertHistory(2);
    expect(history).toEqual([
      change(NOON + 1, { from: "firing", to: "ok", value: null }),
      change(NOON, { from: "pending", to: "firing", delivered: true }),
    ]);
    expect(await second.alertHistory(10)).toHaveLength(3);
  });

  test("says how large it is", async () => {
    const store = await open();
    await store.ingestMetrics([batchOf("a", [predictions([1]), predictions([1]), failures(1)])]);
    const { bytes, rows } = await store.size();
    expect(bytes).toBeGreaterThan(1000);
    expect(Object.values(rows).reduce((sum, count) => sum + count, 0)).toBeGreaterThanOrEqual(3);
  });
}
