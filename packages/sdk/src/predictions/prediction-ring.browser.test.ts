import type { PredictionRecord } from "@selvedge/protocol";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Database, type StoredPrediction } from "../store/database.ts";
import { freshDatabase } from "../store/fresh-database.fixture.ts";
import { answeredCall } from "./answered-call.fixture.ts";
import { makeRecord } from "./make-record.ts";
import { PredictionRing } from "./prediction-ring.ts";

let database: Database;
let record: PredictionRecord;

beforeEach(async () => {
  database = await freshDatabase();
  record = await makeRecord(answeredCall(), {});
});

afterEach(async () => {
  vi.restoreAllMocks();
  await database.close();
});

function numbered(number: number, bytes = 0): StoredPrediction {
  const data = new Uint8Array(bytes);
  const tensors = { x: { type: "uint8", data, dims: [bytes] } } as const;
  const captured = { inputs: tensors, outputs: {} };
  return { ...record, id: `p${number}`, at: number, ...(bytes === 0 ? {} : { captured }) };
}

async function idsIn(ring: PredictionRing, among: number): Promise<string[]> {
  const ids = Array.from({ length: among }, (_, i) => `p${i}`);
  const found = await Promise.all(ids.map((id) => ring.get(id)));
  return found.flatMap((one) => (one === undefined ? [] : [one.id]));
}

test("the latest records are kept, and the oldest go", async () => {
  const ring = new PredictionRing(database, 3);
  for (let i = 0; i < 5; i++) await ring.add(numbered(i));
  expect(await idsIn(ring, 5)).toEqual(["p2", "p3", "p4"]);
});

test("captured tensors take 32 MiB at most: what would not fit makes older ones go", async () => {
  const ring = new PredictionRing(database, 100);
  const twelve = 12 * 2 ** 20;
  for (let i = 0; i < 4; i++) await ring.add(numbered(i, twelve));
  expect(await idsIn(ring, 4)).toEqual(["p2", "p3"]);
});

test("of what is too large for all of it, the record is kept alone", async () => {
  const ring = new PredictionRing(database, 100);
  await ring.add(numbered(0));
  await ring.add(numbered(1, 33 * 2 ** 20));
  expect(await idsIn(ring, 2)).toEqual(["p0", "p1"]);
  expect(await ring.get("p1")).not.toHaveProperty("captured");
});

test("tabs that write at once lose nothing", async () => {
  const other = new Database();
  const rings = [new PredictionRing(database, 100), new PredictionRing(other, 100)];
  const all = Array.from({ length: 30 }, (_, i) => rings[i % 2]?.add(numbered(i)));
  await Promise.all(all);
  const [ring] = rings;
  expect(ring && (await idsIn(ring, 30))).toHaveLength(30);
  await other.close();
});

test("a ledger that was damaged is made anew, and bounds hold again", async () => {
  const ring = new PredictionRing(database, 3);
  for (let i = 0; i < 3; i++) await ring.add(numbered(i, 8));
  const how = { doing: "damaging", stores: ["telemetry"], mode: "readwrite" } as const;
  await database.transact(how, ({ store }) => store.put([{ id: "other" }], "predictions"));
  await ring.add(numbered(3));
  expect(await idsIn(ring, 4)).toEqual(["p1", "p2", "p3"]);
});

test("where IndexedDB is refused, the latest are kept as long as the page lives", async () => {
  vi.spyOn(indexedDB, "open").mockImplementation(() => {
    throw new DOMException("not here", "SecurityError");
  });
  const refused = new PredictionRing(new Database(), 2);
  for (let i = 0; i < 3; i++) await refused.add(numbered(i));
  expect(await idsIn(refused, 3)).toEqual(["p1", "p2"]);
});

test("where IndexedDB is refused, captured tensors take no more of memory than of the store", async () => {
  vi.spyOn(indexedDB, "open").mockImplementation(() => {
    throw new DOMException("not here", "SecurityError");
  });
  const refused = new PredictionRing(new Database(), 100);
  for (let i = 0; i < 4; i++) await refused.add(numbered(i, 12 * 2 ** 20));
  expect(await idsIn(refused, 4)).toEqual(["p2", "p3"]);
});
