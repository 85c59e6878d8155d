import { METRICS } from "@selvedge/protocol";
import { expect, test } from "vitest";
import type { Store } from "../store.ts";
import { batchOf, failures, NOON, predictions } from "./sample-batch.ts";
import type { StoreUnderTest } from "./store-contract.ts";

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

/** What a store tells that only ever rises. */
export function totalsContract({ open }: StoreUnderTest): void {
  const told = async (store: Store) =>
    new Map((await store.totals()).map((one) => [`${one.model} ${one.version}`, one]));

  test("adds up what versions came to, once, and no failures that no app has met", async () => {
    const store = await open();
    const loads = { ...failures(3), metric: METRICS.loads };
    const proof = failures(5, { operation: "prove" });
    const batch = batchOf("a", [predictions([0.1, 0.2]), failures(4), proof, loads]);
    for (let sent = 0; sent < 2; sent++) await store.ingestMetrics([batch]);
    const expected = { model: "rec", version: "1.0.0", predictions: 2, failures: 4, loads: 3 };
    expect(await store.totals()).toEqual([expected]);
    for (let again = 0; again < 2; again++) {
      await store.maintain(NOON + HOUR);
      expect(await store.totals()).toEqual([expected]);
    }
  });

  test("never falls, whatever is rolled up, dropped, late, or of another time", async () => {
    const store = await open();
    let before = 0;
    for (let day = 0; day < 6; day++) {
      const nowMs = NOON + day * DAY;
      for (const timeMs of [nowMs, nowMs - 5 * DAY, nowMs - 500 * DAY]) {
        await store.ingestMetrics([batchOf(`${day} ${timeMs}`, [predictions([1], { timeMs })])]);
        const now = (await told(store)).get("rec 1.0.0")?.predictions ?? 0;
        expect(now).toBe(before + 1);
        before = now;
      }
      await store.maintain(nowMs);
      expect((await told(store)).get("rec 1.0.0")?.predictions).toBe(before);
    }
  });

  test("tells two hundred versions apart, those that came first, and all others together", async () => {
    const store = await open();
    const send = (from: number, to: number) =>
      store.ingestMetrics([
        batchOf(
          undefined,
          Array.from({ length: to - from }, (_, i) => failures(1, { version: `${from + i}` })),
        ),
      ]);
    await send(1000, 1150);
    await send(0, 100);
    const before = await told(store);
    expect(before.size).toBe(201);
    expect(before.get("other other")?.failures).toBe(50);
    await store.maintain(NOON);
    expect(await told(store)).toEqual(before);
    await send(0, 100);
    expect((await told(store)).get("other other")?.failures).toBe(100);
    expect((await told(store)).get("rec 1000")?.failures).toBe(1);
  });

  test("makes room by what nothing was heard of for a week", async () => {
    const store = await open();
    await store.ingestMetrics([batchOf("a", [failures(1, { version: "old" })])]);
    await store.maintain(NOON);
    await store.ingestMetrics([batchOf("b", [failures(1, { version: "new" })])]);
    await store.maintain(NOON + 8 * DAY);
    expect([...(await told(store)).keys()]).toEqual(["rec new"]);
  });
}
