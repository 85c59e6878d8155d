import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { batchOf, failures, NOON, predictions } from "../contract/sample-batch.ts";
import { distribution, featuresBatch } from "../contract/sample-records.ts";
import type { Store } from "../store.ts";
import { openDuckDbStore } from "./open-duckdb-store.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

let folder: string;
let store: Store;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "selvedge-pieces-"));
  store = await openDuckDbStore(join(folder, "store"));
});
afterEach(async () => {
  await store.close();
  await rm(folder, { recursive: true });
});

const rowsOf = async (...tables: string[]) => {
  const { rows } = await store.size();
  return tables.map((table) => rows[table]);
};

test("what comes within an hour is added to it minute by minute, and put together once it is over", async () => {
  for (let minute = 0; minute < 6; minute++) {
    const timeMs = NOON + minute * MINUTE;
    await store.ingestMetrics([
      batchOf(undefined, [predictions([1], { timeMs }), failures(1, { timeMs })]),
    ]);
    await store.maintain(timeMs + MINUTE);
  }
  const tables = ["histogram_hour", "counter_hour", "histogram_five", "histogram_minute"];
  expect(await rowsOf(...tables)).toEqual([6, 6, 6, 6]);
  await store.maintain(NOON + 2 * HOUR);
  expect(await rowsOf(...tables)).toEqual([1, 1, 2, 6]);
  await store.maintain(NOON + 2 * HOUR);
  expect(await rowsOf(...tables)).toEqual([1, 1, 2, 6]);
  const window = { from: NOON, to: NOON + HOUR };
  expect(await store.figures(window)).toMatchObject([{ predictions: 6, failures: 6 }]);
});

test("a day of distributions is put together when it is over, and not while it lasts", async () => {
  for (let hour = 0; hour < 4; hour++) {
    const timeMs = NOON + hour * HOUR;
    await store.ingestMetrics([featuresBatch(`${hour}`, [distribution("c", [1, 2], { timeMs })])]);
    await store.maintain(timeMs + HOUR);
  }
  expect(await rowsOf("distribution_day")).toEqual([4]);
  await store.maintain(NOON + 24 * HOUR);
  expect(await rowsOf("distribution_day")).toEqual([1]);
  const day = { from: NOON - 12 * HOUR, to: NOON + 12 * HOUR };
  expect(await store.distributions(day)).toMatchObject([
    { contributors: 1, shares: [1 / 3, 2 / 3] },
  ]);
});

test("a clock that is anywhere has a bounded part of what there is rewritten at a time", async () => {
  const hours = 100;
  const everywhere = () =>
    store.ingestMetrics([
      batchOf(
        undefined,
        Array.from({ length: hours }, (_, n) => failures(1, { timeMs: NOON - n * HOUR })),
      ),
    ]);
  for (let sent = 0; sent < 2; sent++) {
    await everywhere();
    await store.maintain(NOON + HOUR);
  }
  expect(await rowsOf("counter_hour")).toEqual([2 * hours]);
  const counts: (number | undefined)[] = [];
  for (let minute = 0; minute < 5; minute++) {
    await store.maintain(NOON + 2 * HOUR + minute * MINUTE);
    counts.push(...(await rowsOf("counter_hour")));
  }
  expect(counts).toEqual([168, 136, 104, 100, 100]);
  const { failures: found } = await store.failures({ from: 0, to: NOON + HOUR });
  expect(found[0]?.count).toBe(2 * hours);
});
