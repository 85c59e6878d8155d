import { type DuckDBConnection, DuckDBInstance } from "@duckdb/node-api";
import { afterEach, beforeEach, expect, test } from "vitest";
import { failures, predictions } from "../contract/sample-batch.ts";
import type { CounterPoint } from "../store.ts";
import { prepareSchema } from "./prepare-schema.ts";
import { createPointWriter, type PointWriter } from "./write-points.ts";

let instance: DuckDBInstance;
let connection: DuckDBConnection;
let writer: PointWriter;
beforeEach(async () => {
  instance = await DuckDBInstance.create(":memory:");
  connection = await instance.connect();
  await prepareSchema(connection);
  writer = createPointWriter(connection);
});
afterEach(() => {
  connection.closeSync();
  instance.closeSync();
});

async function write(counters: readonly CounterPoint[], end: "COMMIT" | "ROLLBACK" = "COMMIT") {
  await connection.run("BEGIN");
  await writer.write({ histograms: [], counters }, 1n);
  await connection.run(end);
  if (end === "ROLLBACK") writer.rolledBack();
}

async function errors(): Promise<unknown[]> {
  const sql = "SELECT error FROM counter_point ORDER BY value";
  return (await connection.runAndReadAll(sql)).getRows().map(([error]) => error);
}

test("points have the labels that they came with, from one transaction to the next", async () => {
  const [first, second] = [failures(1, { error: "a" }), failures(2, { error: "b" })];
  await write([first]);
  await write([second, { ...first, value: 3 }]);
  expect(await errors()).toEqual(["a", "b", "a"]);
});

test("what was rolled back is known by no number afterwards", async () => {
  const [kept, undone] = [failures(1, { error: "a" }), failures(2, { error: "b" })];
  await write([kept]);
  await write([undone], "ROLLBACK");
  await write([{ ...kept, value: 3 }, undone]);
  expect(await errors()).toEqual(["a", "b", "a"]);
});

test("with more series than are kept, all are numbered anew", async () => {
  const many = Array.from({ length: 10_002 }, (_, n) => failures(10 + n, { error: `e${n}` }));
  await write(many);
  await write([failures(1, { error: "a" }), ...many.slice(0, 1)]);
  expect((await errors()).slice(0, 3)).toEqual(["a", "e0", "e0"]);
});

test("of histograms the buckets of either sign are kept apart", async () => {
  await connection.run("BEGIN");
  await writer.write({ histograms: [predictions([1, 4, -2, -2], { scale: 0 })], counters: [] }, 1n);
  await connection.run("COMMIT");
  const rows = await connection.runAndReadAll(
    `SELECT positive_buckets::VARCHAR, positive_counts::VARCHAR, negative_buckets::VARCHAR,
       negative_counts::VARCHAR FROM histogram_point`,
  );
  expect(rows.getRows()).toEqual([["[-1, 1]", "[1, 1]", "[0]", "[2]"]]);
});
