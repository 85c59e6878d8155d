import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { Space } from "../delivery/space.ts";
import type { Database, ImageRecord } from "./database.ts";
import { freshDatabase } from "./fresh-database.fixture.ts";
import { dropImages, forgetImages, IMAGE_FOLDER, listImages, tidyImages } from "./images.ts";
import { IMAGES_LOCK } from "./images-lock.ts";
import { clearPacks, listPacks, storedBytes } from "./packs.ts";
import { removePacks } from "./remove-packs.ts";

const ONE = "ab".repeat(32);
const OTHER = "cd".repeat(32);

let database: Database;

beforeEach(async () => {
  database = await freshDatabase();
});

afterEach(async () => {
  await database.close();
  const root = await navigator.storage.getDirectory();
  await root.removeEntry(IMAGE_FOLDER, { recursive: true }).catch(() => undefined);
});

async function keep(pack: string, key: string, usedAt = 1, bytes = 1000): Promise<void> {
  const of = { key, pack, dtype: "fp32", madeAt: 1, kind: "kept" } as const;
  const how = { head: "{}", headDigest: key, bytes, place: "indexeddb", usedAt } as const;
  const record: ImageRecord = { ...of, ...how };
  await database.use("keeping an image", async (connection) => {
    await connection.put("images", record);
    for (const index of [0, 1])
      await connection.put("imagePages", new ArrayBuffer(8), [key, index]);
  });
}

/** A record of a pack, and what it answers for. */
async function keepPack(digest: string): Promise<void> {
  const named = { registry: "", name: digest.slice(0, 2), version: "1.0.0", manifest: "" };
  const record = { digest, ...named, dtypes: [], installedAt: 1, usedAt: 1 };
  await database.use("keeping a pack", async (connection) => {
    await connection.put("packs", record);
    const current = { digest, dtype: "fp32" } as const;
    await connection.put("activations", { current, isProven: true, refused: [] }, digest);
  });
}

const keys = async () => (await listImages(database)).map(({ key }) => key);
const pages = () => database.use("counting pages", (connection) => connection.count("imagePages"));

async function keepFile(key: string): Promise<void> {
  const root = await navigator.storage.getDirectory();
  const folder = await root.getDirectoryHandle(IMAGE_FOLDER, { create: true });
  await folder.getFileHandle(key, { create: true });
}

async function files(): Promise<string[]> {
  const root = await navigator.storage.getDirectory();
  const folder = await root.getDirectoryHandle(IMAGE_FOLDER, { create: true });
  const names: string[] = [];
  for await (const name of folder.keys()) names.push(name);
  return names;
}

test("images count, with the pack they are of", async () => {
  await keepPack(ONE);
  await keep(ONE, "one");
  await keep(ONE, "two", 1, 500);
  expect(await storedBytes(database)).toBe(1500);
  expect((await listPacks(database))[0]?.imageBytes).toBe(1500);
});

test("an image that is dropped goes with its pages, wherever they are, and no other does", async () => {
  await keep(ONE, "one");
  await keep(OTHER, "two");
  await keepFile("one");
  await keepFile("two");
  await dropImages(database, ({ pack }) => pack === ONE);
  expect([await keys(), await pages(), await files()]).toEqual([["two"], 2, ["two"]]);
});

test("what is dropped of a pack leaves its quarantine, which goes with the pack", async () => {
  const barred = { kind: "quarantined", reason: "its answers differ", madeAt: 1 } as const;
  await database.use("barring", (connection) =>
    connection.put("images", { key: "barred", pack: ONE, dtype: "fp32", ...barred }),
  );
  await keep(ONE, "one");
  await forgetImages(database, ({ pack }) => pack === ONE);
  const left = () => database.use("looking", (connection) => connection.getAllKeys("images"));
  expect(await left()).toEqual(["barred"]);
  await tidyImages(database);
  expect(await left()).toEqual([]);
});

test("a pack that is deleted takes its images along", async () => {
  for (const digest of [ONE, OTHER]) {
    await keepPack(digest);
    await keep(digest, `image of ${digest}`);
  }
  await removePacks(database, ({ digest }) => digest === ONE);
  expect([await keys(), await pages()]).toEqual([[`image of ${OTHER}`], 2]);
});

test("an emptied cache has none", async () => {
  await keepPack(ONE);
  await keep(ONE, "one");
  await clearPacks(database);
  expect([await keys(), await pages(), await storedBytes(database)]).toEqual([[], 0, 0]);
});

test("an emptied cache has no pages either that a tab left which was killed while it wrote", async () => {
  await database.use("writing", (connection) =>
    connection.put("imagePages", new ArrayBuffer(8), ["never finished", 0]),
  );
  await keepFile("never finished");
  await clearPacks(database);
  expect([await pages(), await files()]).toEqual([0, []]);
});

test("what answers for nothing any more has none", async () => {
  await keepPack(ONE);
  await keep(ONE, "one");
  await keep(OTHER, "superseded");
  await tidyImages(database);
  expect(await keys()).toEqual(["one"]);
});

test("what is quarantined stays so while its pack is stored, as it may answer again", async () => {
  const barred = { kind: "quarantined", reason: "its answers differ", madeAt: 1 } as const;
  await keepPack(ONE);
  await database.use("barring", async (connection) => {
    await connection.put("images", { key: "barred", pack: ONE, dtype: "fp32", ...barred });
    // Another version has taken its place, and it is what that falls back to.
    await connection.delete("activations", ONE);
  });
  await tidyImages(database);
  const left = () => database.use("looking", (connection) => connection.getAllKeys("images"));
  expect(await left()).toEqual(["barred"]);
  await removePacks(database, ({ digest }) => digest === ONE);
  expect(await left()).toEqual([]);
});

describe("pages that a tab left which was killed while it wrote", () => {
  beforeEach(async () => {
    await keepPack(ONE);
    await keepPack(OTHER);
    await keep(ONE, "one");
    await database.use("writing", (connection) =>
      connection.put("imagePages", new ArrayBuffer(8), ["never finished", 0]),
    );
    await keepFile("never finished");
  });

  test("go with the next model that is deleted, and no others do", async () => {
    await removePacks(database, ({ digest }) => digest === OTHER);
    expect([await keys(), await pages(), await files()]).toEqual([["one"], 2, []]);
  });

  test("stay while one writes: they may be its", async () => {
    await navigator.locks.request(IMAGES_LOCK, () =>
      removePacks(database, ({ digest }) => digest === OTHER),
    );
    expect([await pages(), await files()]).toEqual([3, ["never finished"]]);
  });
});

test("where room is needed, images go first: those used longest ago, also of packs in use", async () => {
  await keepPack(ONE);
  await keep(ONE, "old", 1);
  await keep(ONE, "new", 2);
  const space = new Space(database, { usage: { inUse: async () => new Set([ONE]) } });
  space.limit({ maxBytes: 2500 });
  expect(await space.make(1200)).toMatchObject({ fits: true });
  expect(await keys()).toEqual(["new"]);
  expect(await listPacks(database)).toHaveLength(1);
});

test("a record that was damaged counts for nothing, and can be deleted", async () => {
  await database.use("damaging", (connection) =>
    connection.put("images", { key: "odd", kind: "kept", bytes: "many" } as never),
  );
  expect([await keys(), await storedBytes(database)]).toEqual([[], 0]);
  await clearPacks(database);
  expect(await database.use("counting", (connection) => connection.count("images"))).toBe(0);
});
