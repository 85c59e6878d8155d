import { expect, test } from "vitest";
import type { Store } from "../store.ts";
import { batchOf, durations, failures, NOON, predictions } from "./sample-batch.ts";
import { distribution, featuresBatch, irregular, judged } from "./sample-records.ts";
import type { StoreUnderTest } from "./store-contract.ts";

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

/** What a store knows of what came lately. */
export function seenContract({ open }: StoreUnderTest): void {
  const told = async (store: Store, sinceMs = NOON, limit = 100) => {
    const { series, features } = await store.seen({ sinceMs, limit });
    return {
      series: series.map(({ labels, attributes }) => ({
        ...labels,
        ...(attributes && { attributes }),
      })),
      features: [...features].sort(),
    };
  };

  test("tells what points were told apart by, before they are rolled up and after", async () => {
    const store = await open();
    const correct = judged(1, { correct: true, predicted: "a" });
    const foreign = durations("http.duration", [1], { browser: "lynx 2" });
    await store.ingestMetrics([batchOf("a", [predictions([1]), failures(2), correct, foreign])]);
    await store.ingestMetrics([
      featuresBatch("b", [
        distribution("c", [1, 0]),
        irregular("c", "missing", 1, { feature: "sex" }),
      ]),
    ]);
    const expected = {
      series: expect.arrayContaining([
        { model: "rec", version: "1.0.0", dtype: "fp32", backend: "wasm" },
        expect.objectContaining({ operation: "load", error: "network" }),
        { model: "rec", version: "1.0.0", attributes: correct.attributes },
        expect.objectContaining({ browser: "lynx 2" }),
      ]),
      features: ["age", "sex"],
    };
    expect(await told(store)).toEqual(expected);
    await store.maintain(NOON + HOUR);
    expect(await told(store)).toEqual(expected);
  });

  test("tells it by when it came and not by when it says it was, the latest first", async () => {
    const store = await open();
    await store.ingestMetrics([batchOf("a", [failures(1, { error: "old" })])]);
    await store.maintain(NOON);
    const late = failures(1, { error: "late", timeMs: NOON - 30 * DAY });
    const fresh = failures(1, { error: "fresh", timeMs: NOON + 3 * DAY });
    await store.ingestMetrics([batchOf("b", [late, fresh])]);
    await store.maintain(NOON + 3 * DAY);
    const errors = async (limit: number) =>
      (await told(store, NOON + DAY, limit)).series.flatMap(({ error }) => error ?? []);
    expect(await errors(100)).toEqual(["fresh", "late"]);
    expect(await errors(1)).toEqual(["fresh"]);
  });
}
