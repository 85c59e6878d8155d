import { BATCH_ID, type OtlpBatch, toOtlpAttributes } from "@selvedge/protocol";
import { beforeEach, expect, test } from "vitest";
import { Database } from "../store/database.ts";
import { freshDatabase } from "../store/fresh-database.fixture.ts";
import { Outbox } from "./outbox.ts";

let database: Database;

beforeEach(async () => {
  database = await freshDatabase();
});

function batch(id: string): OtlpBatch {
  const resource = { attributes: toOtlpAttributes({ [BATCH_ID]: id }) };
  return { signal: "metrics", body: { resourceMetrics: [{ resource, scopeMetrics: [] }] } };
}

/** Takes everything out, oldest first. */
async function drain(outbox: Outbox): Promise<OtlpBatch[]> {
  const batches: OtlpBatch[] = [];
  for (let next = await outbox.oldest(); next; next = await outbox.oldest()) {
    batches.push(next.batch);
    await outbox.remove(next.key);
  }
  return batches;
}

test("batches come out in the order they went in", async () => {
  const outbox = new Outbox(database);
  for (const id of ["a", "b", "c"]) await outbox.add(batch(id));
  expect(await drain(outbox)).toEqual(["a", "b", "c"].map(batch));
});

test("what waits survives the page", async () => {
  await new Outbox(database).add(batch("a"));
  await database.close();
  expect(await drain(new Outbox(new Database()))).toEqual([batch("a")]);
});

test("looking at the oldest does not take it", async () => {
  const outbox = new Outbox(database);
  await outbox.add(batch("a"));
  expect(await outbox.oldest()).toEqual(await outbox.oldest());
});

test("past 500 batches the oldest are dropped", async () => {
  const outbox = new Outbox(database);
  await Promise.all(Array.from({ length: 503 }, (_, i) => outbox.add(batch(`${i}`))));
  const left = await drain(outbox);
  expect([left.length, left[0], left.at(-1)]).toEqual([500, batch("3"), batch("502")]);
});
