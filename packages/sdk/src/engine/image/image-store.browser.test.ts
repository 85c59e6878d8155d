import {
  digestPages,
  IMAGE_FORMAT,
  IMAGE_PAGE_BYTES,
  PART_BYTES,
  sha256,
  type WakingFacts,
} from "@selvedge/protocol";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { eventually } from "../../eventually.fixture.ts";
import type { Database } from "../../store/database.ts";
import { freshDatabase } from "../../store/fresh-database.fixture.ts";
import { forgetImages, IMAGE_FOLDER } from "../../store/images.ts";
import { noise } from "../../store/pack.fixture.ts";
import type { ImageAt } from "../../worker/engine-api.ts";
import { allImages, barImage, keepImage, quarantineOf } from "./image-store.ts";
import { indexedDbPages } from "./indexeddb-pages.ts";
import { readImage } from "./read-image.ts";
import { EarlyPages } from "./read-pages.ts";

const FACTS: WakingFacts = {
  memory: { module: "a", name: "a" },
  constructors: "c",
  table: "t",
  globals: ["$0", "$1", "$2"],
  host: { isMainThread: "$1", mayWait: "$2" },
  stackEnd: "$0",
  stackPointer: "$0",
};

/** Three records of 4 MiB at most. */
const PAGES = noise(9 * 2 ** 20, 1);

let database: Database;

beforeEach(async () => {
  database = await freshDatabase();
  for (const digest of ["pack", "another pack"]) await keepPack(digest);
});

async function keepPack(digest: string): Promise<void> {
  const named = { registry: "", name: digest, version: "1.0.0", manifest: "" };
  await database.use("keeping a pack", (connection) =>
    connection.put("packs", { digest, ...named, dtypes: [], installedAt: 1, usedAt: 1 }),
  );
}

afterEach(() => {
  vi.restoreAllMocks();
});

async function imageOf(key: string, pack = "pack") {
  const head = JSON.stringify({
    format: IMAGE_FORMAT,
    key,
    memoryBytes: 2 ** 24,
    tableLength: 3,
    globals: { $0: 1 },
    runs: [[IMAGE_PAGE_BYTES, PAGES.byteLength]],
    session: 5000,
    sha256: await digestPages(PAGES),
    answers: "ab".repeat(32),
  });
  return { key, pack, dtype: "fp32", head } as const;
}

const KEY = "aa".repeat(32);
const OTHER = "bb".repeat(32);

/** How waking reads an image: into a memory that grows as it has to. */
function reading(early?: EarlyPages) {
  const memory = new WebAssembly.Memory({ initial: 1 });
  return { facts: FACTS, memory: async () => memory, early, buffer: () => memory.buffer };
}

/** Reads whatever image there is, as waking does. */
async function wake() {
  const [image] = await allImages(database);
  return image?.kind === "kept" ? readImage(database, image, reading()) : undefined;
}

async function theImage() {
  const [image] = await allImages(database);
  if (image?.kind !== "kept") throw new Error("nothing was kept");
  return image;
}

test("what was kept is read again, to the last byte, into the memory that it wakes in", async () => {
  const { place } = await keepImage(database, await imageOf(KEY), PAGES);
  expect(place).toBe("indexeddb");
  const how = reading();
  const { asleep } = await readImage(database, await theImage(), how);
  asleep.fill(await how.memory());
  expect(how.buffer().byteLength).toBe(2 ** 24);
  const stored = new Uint8Array(how.buffer(), IMAGE_PAGE_BYTES, PAGES.byteLength);
  expect(await sha256(stored.slice())).toBe(await sha256(PAGES));
  expect(() => asleep.fill(new WebAssembly.Memory({ initial: 256 }))).toThrow(/another memory/);
});

test("pages that have been put into memory are not held a second time", async () => {
  await keepImage(database, await imageOf(KEY), PAGES);
  const given = vi.spyOn(crypto.subtle, "digest");
  await readImage(database, await theImage(), reading());
  const parts = given.mock.calls.map(([, data]) => data as Uint8Array);
  expect(parts.length).toBeGreaterThan(PAGES.length / PART_BYTES);
  expect(parts.filter(({ buffer }) => buffer.byteLength >= PART_BYTES)).toEqual([]);
});

test("a memory that cannot grow is not the image's fault", async () => {
  await keepImage(database, await imageOf(KEY), PAGES);
  const memory = async () => new WebAssembly.Memory({ initial: 1, maximum: 1 });
  await expect(readImage(database, await theImage(), { facts: FACTS, memory })).rejects.toThrow(
    RangeError,
  );
  expect(await allImages(database)).toMatchObject([{ kind: "kept" }]);
});

test("pages that were opened early are read where they are the image's, and others are opened again", async () => {
  const kept = await keepImage(database, await imageOf(KEY), PAGES);
  const at = { key: KEY, place: kept.place, bytes: PAGES.byteLength };
  const image = await theImage();
  const transact = vi.spyOn(database, "transact");
  const looksFor = async (early: ImageAt) => {
    transact.mockClear();
    const pages = new EarlyPages(database, early);
    const reads = readImage(database, image, reading(pages));
    // As soon as it is known what is woken.
    pages.letGo();
    await reads;
    return transact.mock.calls.filter(([{ doing }]) => doing === "reading an image").length;
  };
  expect(await looksFor(at)).toBe(1);
  for (const other of [{ key: OTHER }, { bytes: 4096 }])
    expect(await looksFor({ ...at, ...other })).toBe(2);
});

test("pages that were not there yet as they were opened early are opened again", async () => {
  const at = { key: KEY, place: "indexeddb", bytes: PAGES.byteLength } as const;
  const early = new EarlyPages(database, at);
  await keepImage(database, await imageOf(KEY), PAGES);
  await expect(readImage(database, await theImage(), reading(early))).resolves.toBeDefined();
});

test("pages that were opened early, and are read by nobody, are given up", async () => {
  const { place } = await keepImage(database, await imageOf(KEY), PAGES);
  const transact = vi.spyOn(database, "transact");
  const early = new EarlyPages(database, { key: KEY, place, bytes: PAGES.byteLength });
  await eventually(() => expect(transact).toHaveBeenCalledOnce());
  const records = (await transact.mock.results[0]?.value) as ArrayBuffer[];
  const held = () => records.reduce((sum, { byteLength }) => sum + byteLength, 0);
  expect(held()).toBe(PAGES.byteLength);
  early.letGo();
  await eventually(() => expect(held()).toBe(0));
});

test("pages that were opened early, and are not what was written, wake nothing", async () => {
  const { place } = await keepImage(database, await imageOf(KEY), PAGES);
  await database.use("damaging an image", async (connection) => {
    const record = new Uint8Array((await connection.get("imagePages", [KEY, 1])) as ArrayBuffer);
    record[100] = (record[100] ?? 0) ^ 1;
    await connection.put("imagePages", record.buffer, [KEY, 1]);
  });
  const early = new EarlyPages(database, { key: KEY, place, bytes: PAGES.byteLength });
  await expect(readImage(database, await theImage(), reading(early))).rejects.toThrow(
    "not what was written",
  );
  expect((await allImages(database)).map(({ kind }) => kind)).toEqual(["quarantined"]);
});

test("globals that say where the runtime runs come from here, and never from an image", async () => {
  await keepImage(database, await imageOf(KEY), PAGES);
  const { asleep } = await readImage(database, await theImage(), reading());
  expect(asleep.globals).toEqual({ $0: 1, $1: 0, $2: 1 });
});

test("a tab that is killed at any step leaves no image, or a whole one; the next to write sweeps", async () => {
  const image = await imageOf(KEY);
  const put = IDBObjectStore.prototype.put;
  let steps = 0;
  const counting = vi.spyOn(IDBObjectStore.prototype, "put").mockImplementation(function (
    this: IDBObjectStore,
    ...record
  ) {
    steps++;
    return put.apply(this, record);
  });
  await keepImage(database, image, PAGES);
  counting.mockRestore();
  expect(steps).toBe(4);
  for (let last = 0; last <= steps; last++) {
    await forgetImages(database, () => true);
    let done = 0;
    const dead = () => {
      throw new Error("the tab is gone");
    };
    vi.spyOn(IDBObjectStore.prototype, "put").mockImplementation(function (
      this: IDBObjectStore,
      ...record
    ) {
      if (done++ < last) return put.apply(this, record);
      // A tab that is gone does not tidy up either.
      vi.spyOn(IDBObjectStore.prototype, "delete").mockImplementation(dead);
      return dead();
    });
    await keepImage(database, image, PAGES).catch(() => undefined);
    vi.restoreAllMocks();
    const woken = await wake();
    expect(woken === undefined).toBe(last < steps);
    await keepImage(database, await imageOf(OTHER, "another pack"), PAGES);
    const left = (await indexedDbPages(database).keys()).sort();
    expect(left).toEqual(last < steps ? [OTHER] : [KEY, OTHER]);
  }
});

test("what cannot be dropped, as another tab reads it, keeps no image from being written", async () => {
  await keepImage(database, await imageOf(KEY), PAGES);
  const root = await navigator.storage.getDirectory();
  const folder = await root.getDirectoryHandle(IMAGE_FOLDER, { create: true });
  await folder.getFileHandle(KEY, { create: true });
  const isOpen = new DOMException("open", "NoModificationAllowedError");
  const remove = vi.spyOn(FileSystemDirectoryHandle.prototype, "removeEntry");
  remove.mockRejectedValue(isOpen);
  await keepImage(database, await imageOf(OTHER), PAGES);
  expect(remove).toHaveBeenCalledWith(KEY);
  expect(await allImages(database)).toMatchObject([{ key: OTHER }]);
  vi.restoreAllMocks();
  await root.removeEntry(IMAGE_FOLDER, { recursive: true });
});

test("of a pack that was deleted meanwhile nothing is kept", async () => {
  await database.use("deleting", (connection) => connection.delete("packs", "pack"));
  await expect(keepImage(database, await imageOf(KEY), PAGES)).rejects.toMatchObject({
    code: "no-candidate",
  });
  expect([await allImages(database), await indexedDbPages(database).keys()]).toEqual([[], []]);
});

test("where there is no room, nothing is left, and the error says so", async () => {
  const put = IDBObjectStore.prototype.put;
  let done = 0;
  vi.spyOn(IDBObjectStore.prototype, "put").mockImplementation(function (
    this: IDBObjectStore,
    ...record
  ) {
    if (done++ < 2) return put.apply(this, record);
    throw new DOMException("full", "QuotaExceededError");
  });
  await expect(keepImage(database, await imageOf(KEY), PAGES)).rejects.toMatchObject({
    code: "storage-full",
  });
  expect(await indexedDbPages(database).keys()).toEqual([]);
  expect(await allImages(database)).toEqual([]);
});

test("an image takes the place of the one before it of the same pack, pages and all", async () => {
  await keepImage(database, await imageOf(KEY), PAGES);
  await keepImage(database, await imageOf(OTHER), PAGES);
  expect(await allImages(database)).toMatchObject([{ key: OTHER }]);
  expect(await indexedDbPages(database).keys()).toEqual([OTHER]);
});

test("a key that is quarantined keeps its reason, and none of its pages", async () => {
  await keepImage(database, await imageOf(KEY), PAGES);
  await barImage(database, { key: KEY, kind: "quarantined", reason: "its answers differ" });
  expect(await allImages(database)).toMatchObject([
    { key: KEY, kind: "quarantined", reason: "its answers differ" },
  ]);
  expect(await indexedDbPages(database).keys()).toEqual([]);
});

test("a quarantine outlives the images of its pack", async () => {
  await keepImage(database, await imageOf(KEY), PAGES);
  await barImage(database, { key: KEY, kind: "quarantined", reason: "its answers differ" });
  await keepImage(database, await imageOf(OTHER), PAGES);
  await forgetImages(database, ({ pack }) => pack === "pack");
  expect(await allImages(database)).toMatchObject([{ key: KEY, kind: "quarantined" }]);
});

test("one that was woken before it was kept is quarantined all the same", async () => {
  const barred = { key: KEY, kind: "quarantined", reason: "its answers differ" } as const;
  await barImage(database, barred, { pack: "pack", dtype: "fp32" });
  expect(await allImages(database)).toMatchObject([{ ...barred, pack: "pack", dtype: "fp32" }]);
  expect(await quarantineOf(database, KEY)).toBe("its answers differ");
});

test("of a key that has no image nothing is remembered: there is nothing to keep it from", async () => {
  await barImage(database, { key: KEY, kind: "quarantined", reason: "its answers differ" });
  expect(await allImages(database)).toEqual([]);
});
