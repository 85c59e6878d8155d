import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DuckDBInstance } from "@duckdb/node-api";
import { afterEach, beforeEach, expect, type MockInstance, test, vi } from "vitest";
import { batchOf, failures, NOON, predictions } from "../contract/sample-batch.ts";
import { span } from "../contract/sample-records.ts";
import { openDuckDbStore } from "./open-duckdb-store.ts";

const OBSERVATION_OF_1 = `"time_ms" BIGINT, "model" VARCHAR, "version" VARCHAR, "dtype" VARCHAR,
  "backend" VARCHAR, "phase" VARCHAR, "operation" VARCHAR, "error" VARCHAR,
  "attributes" VARCHAR, "resource" VARCHAR`;

/** What a collector of schema 1 made, and wrote. */
const STORE_OF_1 = [
  "CREATE TABLE meta (key VARCHAR PRIMARY KEY, value VARCHAR NOT NULL)",
  "INSERT INTO meta VALUES ('schema', '1')",
  "CREATE TABLE batch (key VARCHAR PRIMARY KEY, received_ms BIGINT NOT NULL)",
  "INSERT INTO batch VALUES ('metrics:a', 1)",
  `CREATE TABLE histogram_point (${OBSERVATION_OF_1}, "metric" VARCHAR, "scale" TINYINT,
    "count" UINTEGER, "sum" DOUBLE, "min" DOUBLE, "max" DOUBLE, "zero_count" UINTEGER,
    "positive_offset" INTEGER, "positive_counts" UINTEGER[],
    "negative_offset" INTEGER, "negative_counts" UINTEGER[])`,
  `INSERT INTO histogram_point VALUES (${NOON}, 'rec', '1.0.0', 'fp32', 'wasm', NULL, NULL, NULL,
    '{"a":1}', '{"service.name":"shop"}', 'selvedge.predict.duration', 5, 3, 0.6, 0.1, 0.3, 0,
    -107, [1, 0, 1, 1], 0, [])`,
  `CREATE TABLE counter_point (${OBSERVATION_OF_1}, "metric" VARCHAR, "value" DOUBLE)`,
  `INSERT INTO counter_point SELECT ${NOON} + range, 'rec', '1.0.0', NULL, 'wasm', NULL, 'load',
    'network', NULL, NULL, 'selvedge.failures', 2 FROM range(5000)`,
  `CREATE TABLE log_record (${OBSERVATION_OF_1}, "severity" TINYINT, "body" VARCHAR)`,
  `INSERT INTO log_record VALUES (${NOON}, 'rec', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL,
    9, 'loaded')`,
];
const WINDOW = { from: NOON, to: NOON + 60_000 };

/** Brings raw histograms back to what they were before schema 4: a place for each bucket there is between two. */
const DENSE_HISTOGRAMS = [
  "ALTER TABLE histogram_point ADD COLUMN positive_offset INTEGER",
  "ALTER TABLE histogram_point ADD COLUMN negative_offset INTEGER",
  `UPDATE histogram_point SET ${["positive", "negative"]
    .map(
      (side) => `${side}_offset = coalesce(${side}_buckets[1], 0),
        ${side}_counts = coalesce([coalesce(${side}_counts[list_position(${side}_buckets, bucket)], 0)
          FOR bucket IN range(${side}_buckets[1], ${side}_buckets[-1] + 1)], [])`,
    )
    .join(", ")}`,
  "ALTER TABLE histogram_point DROP COLUMN positive_buckets",
  "ALTER TABLE histogram_point DROP COLUMN negative_buckets",
];

/** Takes from spans what they have since schema 5. */
const WITHOUT_MICROSECONDS = ["ALTER TABLE span DROP COLUMN time_us"];

let folder: string;
let path: string;
let told: MockInstance<typeof console.error>;

async function run(statements: readonly string[]): Promise<unknown[][]> {
  const instance = await DuckDBInstance.create(path);
  const connection = await instance.connect();
  let rows: unknown[][] = [];
  for (const statement of statements) rows = (await connection.runAndReadAll(statement)).getRows();
  connection.closeSync();
  instance.closeSync();
  return rows;
}

beforeEach(async () => {
  told = vi.spyOn(console, "error").mockImplementation(() => undefined);
  folder = await mkdtemp(join(tmpdir(), "selvedge-schema-"));
  path = join(folder, "store");
  await run(STORE_OF_1);
});
afterEach(async () => {
  told.mockRestore();
  await rm(folder, { recursive: true });
});

test("a store of schema 1 is brought up to date, and has lost nothing", async () => {
  for (let opening = 0; opening < 2; opening++) {
    const store = await openDuckDbStore(path);
    expect((await store.failures({ ...WINDOW, model: "rec" })).failures).toMatchObject([
      { code: "network", count: 1e4 },
    ]);
    expect(await store.figures({ ...WINDOW, model: "rec" })).toMatchObject([
      { predictions: 3, failures: 1e4, latency: { count: 3, min: 0.1, max: 0.3 } },
    ]);
    // It still knows what was sent to it, and takes labels that schema 1 had no columns for.
    await store.ingestMetrics([batchOf("a", [predictions([1]), failures(1)])]);
    await store.ingestMetrics([
      batchOf("b", [failures(1, { model: "new", browser: "firefox 150" })]),
    ]);
    expect((await store.health({ ...WINDOW, model: "new" })).groups).toMatchObject([
      { browser: "firefox 150", failures: 1 },
    ]);
    await store.close();
  }
  const [record] = await run(["SELECT model, severity, body, event FROM log_record"]);
  expect(record).toEqual(["rec", 9, "loaded", null]);
  const [point] = await run([
    `SELECT attributes, resource, positive_buckets::VARCHAR, positive_counts::VARCHAR
     FROM histogram_point WHERE attributes IS NOT NULL`,
  ]);
  expect(point).toEqual(['{"a":1}', '{"service.name":"shop"}', "[-107, -105, -104]", "[1, 1, 1]"]);
  const leftovers = await run([
    "SELECT table_name FROM duckdb_tables() WHERE table_name LIKE '%_1'",
  ]);
  expect(leftovers).toEqual([]);
});

test("a store of schema 1 that cannot be brought up to date stays as it was", async () => {
  await run(["CREATE TABLE span (mine INTEGER)"]);
  await expect(openDuckDbStore(path)).rejects.toMatchObject({ code: "store-failed" });
  expect(await run(["SELECT value FROM meta"])).toEqual([["1"]]);
  expect(await run(["SELECT count(*)::INTEGER FROM counter_point"])).toEqual([[5000]]);
});

test("a store of schema 2 is given rollups of five minutes, made of the minutes that it has", async () => {
  await rm(path);
  const hour = { from: NOON, to: NOON + 3_600_000, stepMs: 300_000 };
  const before = await openDuckDbStore(path);
  const points = [0, 1, 7, 12].map((minute) =>
    predictions([0.1, 0.2], { timeMs: NOON + minute * 60_000 }),
  );
  await before.ingestMetrics([batchOf("a", [...points, failures(3)])]);
  // Raw points are gone by then, and all that is known is in rollups.
  await before.maintain(NOON + 72 * 3_600_000);
  const answers = async (store: typeof before) => [
    await store.predictions(hour),
    await store.failures(hour),
    await store.figures(hour),
  ];
  const expected = await answers(before);
  await before.close();
  await run([
    ...["histogram_five", "counter_five", "rollup_piece", "version_total"].map(
      (table) => `DROP TABLE ${table}`,
    ),
    ...DENSE_HISTOGRAMS,
    ...WITHOUT_MICROSECONDS,
    "DELETE FROM meta WHERE key LIKE 'floor:%_five'",
    "UPDATE meta SET value = '2' WHERE key = 'schema'",
  ]);
  const after = await openDuckDbStore(path);
  expect(await answers(after)).toEqual(expected);
  expect((await after.size()).rows).toMatchObject({ histogram_five: 3, counter_five: 1 });
  await after.ingestMetrics([batchOf("b", points)]);
  await after.maintain(NOON + 72 * 3_600_000);
  expect((await after.predictions(hour)).series[0]?.counts.slice(0, 3)).toEqual([8, 4, 4]);
  await after.close();
});

test("a store of schema 3 keeps the buckets of its raw histograms, and no empty ones", async () => {
  await rm(path);
  const before = await openDuckDbStore(path);
  await before.ingestMetrics([batchOf("a", [predictions([0.1, 3, 0.2, -4]), predictions([])])]);
  const expected = await before.figures(WINDOW);
  await before.close();
  const sparse = "SELECT positive_counts::VARCHAR FROM histogram_point ORDER BY count";
  expect(await run([sparse])).toEqual([["[]"], ["[1, 1, 1]"]]);
  expect(told, "a new store and one of today's say nothing").not.toHaveBeenCalled();
  const dense = await run([
    ...DENSE_HISTOGRAMS,
    ...WITHOUT_MICROSECONDS,
    "UPDATE meta SET value = '3' WHERE key = 'schema'",
    "SELECT max(len(positive_counts))::INTEGER FROM histogram_point",
  ]);
  expect(Number(dense[0]?.[0])).toBeGreaterThan(100);
  const after = await openDuckDbStore(path);
  expect(await after.figures(WINDOW)).toEqual(expected);
  await after.close();
  expect(await run([sparse])).toEqual([["[]"], ["[1, 1, 1]"]]);
  expect(told.mock.calls).toEqual([
    [expect.stringMatching(/from schema 3 to 5, with 2 raw histograms; nothing is answered/)],
    [expect.stringMatching(/has schema 5 now, after \d+\.\d s/)],
  ]);
});

test("a store of schema 4 has its spans begin at whole milliseconds, as they did", async () => {
  await rm(path);
  const before = await openDuckDbStore(path);
  await before.ingestTraces([{ id: "a", spans: [span({ prediction: "p-1" })] }]);
  const expected = await before.prediction("p-1");
  await before.close();
  await run([...WITHOUT_MICROSECONDS, "UPDATE meta SET value = '4' WHERE key = 'schema'"]);
  const after = await openDuckDbStore(path);
  expect(await after.prediction("p-1")).toEqual(expected);
  const late = span({ prediction: "p-1", timeMs: NOON + 1, timeUs: 5 });
  await after.ingestTraces([{ id: "b", spans: [late] }]);
  expect((await after.prediction("p-1"))?.steps[1]?.at).toBe(NOON + 1.005);
  await after.close();
});
