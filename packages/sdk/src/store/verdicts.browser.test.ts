import { deleteDB, openDB } from "idb";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { VerdictRecord } from "../worker/keeper-api.ts";
import { Database } from "./database.ts";
import { freshDatabase } from "./fresh-database.fixture.ts";
import { clearPacks, storedBytes } from "./packs.ts";
import { removePacks } from "./remove-packs.ts";
import { putVerdict, verdictsOf } from "./verdicts.ts";

const ONE = "ab".repeat(32);
const OTHER = "cd".repeat(32);

let database: Database;

beforeEach(async () => {
  database = await freshDatabase();
});

afterEach(() => {
  vi.restoreAllMocks();
});

function verdict(digest: string, candidate: string, at = 1): VerdictRecord {
  return { digest, candidate, at };
}

async function put(record: VerdictRecord): Promise<VerdictRecord> {
  await putVerdict(database, [record.digest, record.candidate], record);
  return record;
}

/** A record of a pack: nothing else of it is looked at here. */
async function keepPack(digest: string): Promise<void> {
  const named = { registry: "", name: digest, version: "1.0.0", manifest: "" };
  const record = { digest, ...named, dtypes: [], installedAt: 1, usedAt: 1 };
  await database.use("keeping a pack", (connection) => connection.put("packs", record));
}

test("verdicts are remembered by pack and candidate, the last of each", async () => {
  await put(verdict(ONE, "on the GPU"));
  const last = await put(verdict(ONE, "on the GPU", 2));
  const wasm = await put(verdict(ONE, "in WASM"));
  const others = await put(verdict(OTHER, "on the GPU"));
  expect(await verdictsOf(new Database(), ONE)).toEqual([wasm, last]);
  expect(await verdictsOf(new Database(), OTHER)).toEqual([others]);
});

test("a verdict can be forgotten", async () => {
  await put(verdict(ONE, "on the GPU"));
  await putVerdict(database, [ONE, "on the GPU"], undefined);
  expect(await verdictsOf(database, ONE)).toEqual([]);
});

test("verdicts go with their pack, and with all of them", async () => {
  await Promise.all([keepPack(ONE), keepPack(OTHER)]);
  await put(verdict(ONE, "on the GPU"));
  const kept = await put(verdict(OTHER, "on the GPU"));
  await removePacks(database, ({ digest }) => digest === ONE);
  expect(await verdictsOf(database, ONE)).toEqual([]);
  expect(await verdictsOf(database, OTHER)).toEqual([kept]);
  await clearPacks(database);
  expect(await verdictsOf(database, OTHER)).toEqual([]);
});

test("there are never more than two hundred: the oldest goes", async () => {
  await database.use("filling up", async (connection) => {
    const { store, done } = connection.transaction("verdicts", "readwrite");
    for (let i = 0; i < 200; i++) void store.put(verdict(ONE, `${i}`, 1000 - i));
    await done;
  });
  await put(verdict(OTHER, "on the GPU", 2000));
  const left = await verdictsOf(database, ONE);
  expect(left).toHaveLength(199);
  expect(left.map(({ candidate }) => candidate)).not.toContain("199");
  expect(await verdictsOf(database, OTHER)).toHaveLength(1);
});

test("what version 2 of the schema kept is carried over", async () => {
  await database.close();
  await deleteDB("selvedge");
  const old = await openDB("selvedge", 2, {
    upgrade(connection) {
      connection.createObjectStore("packs", { keyPath: "digest" });
      connection.createObjectStore("outbox", { autoIncrement: true });
      for (const name of ["activations", "pieces", "leases", "downloads", "trust"])
        connection.createObjectStore(name);
    },
  });
  await old.put("pieces", new ArrayBuffer(3), [ONE, 0]);
  old.close();
  const kept = await put(verdict(ONE, "on the GPU"));
  expect(await verdictsOf(database, ONE)).toEqual([kept]);
  expect(await storedBytes(database)).toBe(3);
});

describe("where the browser keeps nothing", () => {
  beforeEach(() => {
    vi.spyOn(IDBFactory.prototype, "open").mockImplementation(() => {
      throw new DOMException("access denied", "SecurityError");
    });
  });

  test("verdicts are remembered for as long as the keeper lives", async () => {
    await put(verdict(ONE, "on the GPU"));
    const last = await put(verdict(ONE, "on the GPU", 2));
    expect(await verdictsOf(database, ONE)).toEqual([last]);
    expect(await verdictsOf(database, OTHER)).toEqual([]);
    await putVerdict(database, [ONE, "on the GPU"], undefined);
    expect(await verdictsOf(database, ONE)).toEqual([]);
  });

  test("they go with everything else", async () => {
    await put(verdict(ONE, "on the GPU"));
    await clearPacks(database);
    expect(await verdictsOf(database, ONE)).toEqual([]);
  });
});

test("where there is no more room, a verdict is remembered in memory", async () => {
  const kept = verdict(ONE, "on the GPU");
  vi.spyOn(IDBObjectStore.prototype, "put").mockImplementation(() => {
    throw new DOMException("full", "QuotaExceededError");
  });
  await put(kept);
  expect(await verdictsOf(database, ONE)).toEqual([kept]);
});
