import { SelvedgeError } from "@selvedge/protocol";
import { beforeEach, describe, expect, test } from "vitest";
import type { Database, TrustKey } from "./database.ts";
import { freshDatabase } from "./fresh-database.fixture.ts";
import { clearPacks } from "./packs.ts";
import { TrustRecords } from "./trust-records.ts";

const REGISTRY = "https://registry.test/";
const channels = (name: string, anchors: string): TrustKey => ["channels", REGISTRY, name, anchors];
const record = (sequence: number) => ({ text: `document ${sequence}`, sequence });

let database: Database;

beforeEach(async () => {
  database = await freshDatabase();
});

/** A store that a browser refuses, as some private windows do. */
function refusedDatabase(): Database {
  const use = async (doing: string) => {
    throw new SelvedgeError("storage-unavailable", doing);
  };
  return Object.assign(Object.create(database), { use });
}

describe.each<[what: string, open: () => Database]>([
  ["in the store", () => database],
  ["in memory, where the browser stores nothing", refusedDatabase],
])("what was believed is remembered %s:", (_, open) => {
  test("channel documents of a model, under whatever anchors, and of no other", async () => {
    const records = new TrustRecords(open());
    for (const [index, key] of [
      channels("tiny", "a"),
      channels("tiny", "b"),
      channels("tiny2", "a"),
      channels("tin", "a"),
    ].entries())
      expect(await records.replace(key, record(index), [])).toBe(true);
    const sequences = (await records.channels(REGISTRY, "tiny")).map(({ sequence }) => sequence);
    expect(sequences.sort()).toEqual([0, 1]);
    expect(await records.root(REGISTRY, "a")).toBeUndefined();
  });

  test("the newest root document under some anchors", async () => {
    const records = new TrustRecords(open());
    await records.replace(["root", REGISTRY, "a"], record(2), []);
    await records.replace(["root", REGISTRY, "b"], record(5), []);
    expect(await records.root(REGISTRY, "a")).toEqual(record(2));
    expect(await records.channels(REGISTRY, "a")).toEqual([]);
  });
});

test("what another tab remembered meanwhile is not overwritten unseen", async () => {
  const [mine, theirs] = [new TrustRecords(database), new TrustRecords(database)];
  const key = channels("tiny", "a");
  const before = await mine.channels(REGISTRY, "tiny");
  await theirs.replace(key, record(7), before);
  expect(await mine.replace(key, record(6), before)).toBe(false);
  expect(await mine.channels(REGISTRY, "tiny")).toEqual([record(7)]);
  expect(await mine.replace(key, record(8), await mine.channels(REGISTRY, "tiny"))).toBe(true);
});

test("clearing the cache of models forgets nothing of it", async () => {
  const records = new TrustRecords(database);
  await records.replace(channels("tiny", "a"), record(3), []);
  await clearPacks(database);
  expect(await records.channels(REGISTRY, "tiny")).toEqual([record(3)]);
});
