import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { eventually } from "../eventually.fixture.ts";
import { findActive } from "../store/activations.ts";
import type { Database } from "../store/database.ts";
import { DownloadMark } from "../store/downloads.ts";
import { freshDatabase } from "../store/fresh-database.fixture.ts";
import { type BuiltPack, buildPack, firstVariant, noise } from "../store/pack.fixture.ts";
import { findPack, listPacks, neededBlobs, storedBytes } from "../store/packs.ts";
import { missingPieces, putPieces } from "../store/pieces.ts";
import type { CachePolicy } from "../worker/keeper-api.ts";
import { availability } from "./availability.ts";
import { install } from "./install.ts";
import { FakeRegistry, select } from "./registry.fixture.ts";
import { roomsOf } from "./rooms.fixture.ts";
import { Space } from "./space.ts";

/** What the margin of a small pack comes to. */
const MARGIN = 1024 * 1024;
const SHARED = noise(200_000, 1);

let database: Database;
let registry: FakeRegistry;
let inUse: Set<string>;
let quota: number | undefined;
let policy: CachePolicy;

beforeEach(async () => {
  database = await freshDatabase();
  inUse = new Set();
  quota = undefined;
  policy = {};
  registry = new FakeRegistry([]);
  vi.stubGlobal("fetch", registry.fetch);
});

afterEach(() => {
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});

/** Rooms of a keeper on a device that has `quota` bytes in all. */
function rooms() {
  const usage = { inUse: async () => inUse, downloads: async () => new Set<string>() };
  const estimate = async () =>
    quota === undefined ? undefined : { quota, usage: await storedBytes(database) };
  const others = roomsOf(database);
  const space = new Space(database, { usage, estimate });
  space.limit(policy);
  return { ...others, usage, space };
}

const { signal } = new AbortController();
const installIt = (selector = select()) =>
  install(rooms(), selector, { signal, onProgress: () => undefined });
const ask = (selector = select()) =>
  availability(rooms(), selector, { signal, isDownloading: false });

/** Publishes and installs a model of 300,000 bytes or so, 200,000 of them the same in each. */
async function have(name: string, seed: number, version = "1.0.0"): Promise<BuiltPack> {
  const pack = await publish(name, seed, version);
  await installIt(select({ name }));
  return pack;
}
async function publish(name: string, seed: number, version = "1.0.0"): Promise<BuiltPack> {
  const pack = await buildPack({ name, version, tensors: [SHARED, noise(100_000, seed)] });
  registry.publish(pack);
  return pack;
}
const names = async () => (await listPacks(database)).map(({ name }) => name).sort();
const whole = async ({ manifest }: BuiltPack) =>
  (await missingPieces(database, neededBlobs(manifest, firstVariant(manifest)))).size === 0;
/** Lets a clock that counts milliseconds go on. */
const tick = () => eventually(() => expect(Date.now()).toBeGreaterThan(lastTick++));
let lastTick = 0;

test("where there is room nothing is evicted", async () => {
  quota = 100 * MARGIN;
  await have("one", 2);
  await have("two", 3);
  expect(await names()).toEqual(["one", "two"]);
});

describe("where there is no room", () => {
  const fill = async () => {
    const one = await have("one", 2);
    lastTick = Date.now();
    await tick();
    const two = await have("two", 3);
    // There is room for the third beside one of them.
    quota = (await storedBytes(database)) + MARGIN + 50_000;
    const three = await publish("three", 4);
    return { one, two, three };
  };

  test("nothing goes for what a metered link keeps from being fetched", async () => {
    await fill();
    const others = rooms();
    const metered = { ...others, network: { ...others.network, isMetered: () => true } };
    const update = { signal, onProgress: () => undefined, purpose: "update" } as const;
    const refused = install(metered, select({ name: "three" }), update);
    await expect(refused).rejects.toMatchObject({ code: "metered" });
    expect(await names()).toEqual(["one", "two"]);
  });

  test("the model used longest ago goes, but for what others share with it", async () => {
    const { two, three } = await fill();
    expect(await installIt(select({ name: "three" }))).toMatchObject({
      storage: { kind: "persistent" },
      // What all three share was not fetched again.
      fetchedBytes: three.segment.byteLength - SHARED.byteLength,
    });
    expect(await names()).toEqual(["three", "two"]);
    expect([await whole(two), await whole(three)]).toEqual([true, true]);
    expect(await findActive(database, select({ name: "one" }))).toBeUndefined();
  });

  test("one that is in use stays, and another goes", async () => {
    const { one } = await fill();
    inUse.add(one.digest);
    await installIt(select({ name: "three" }));
    expect(await names()).toEqual(["one", "three"]);
    expect(await whole(one)).toBe(true);
  });

  test("and all are in use, it runs from memory and says why; nothing is evicted", async () => {
    const { one, two, three } = await fill();
    inUse = new Set([one.digest, two.digest]);
    const before = await storedBytes(database);
    const { storage } = await installIt(select({ name: "three" }));
    expect(storage).toEqual({
      kind: "memory",
      reason: expect.stringMatching(/three@1.0.0: \d+ bytes are needed to store it/),
    });
    expect(await storedBytes(database)).toBe(before);
    expect(await whole(three)).toBe(true);
    expect((await findPack(database, three.digest))?.manifest).toEqual(three.manifest);
    expect(await listPacks(database)).toHaveLength(3);
  });

  test("and no one can say what is in use, nothing is evicted", async () => {
    await fill();
    const usage = {
      inUse: () => Promise.reject(new Error("no locks")),
      downloads: async () => new Set<string>(),
    };
    const estimate = async () => ({ quota: 1, usage: 1 });
    const space = new Space(database, { usage, estimate });
    expect(await space.make(100)).toMatchObject({ fits: false });
    expect(await names()).toEqual(["one", "two"]);
  });

  test("and the policy is to evict nothing, it runs from memory", async () => {
    await fill();
    policy = { evict: "never" };
    expect(await installIt(select({ name: "three" }))).toMatchObject({
      storage: { kind: "memory" },
    });
    expect(await names()).toContain("one");
  });

  test("availability says that there would be, and evicts nothing", async () => {
    await fill();
    const room = await ask(select({ name: "three" }));
    expect(room).toMatchObject({ state: "downloadable", space: { fits: true } });
    expect(await names()).toEqual(["one", "two"]);
  });

  test("availability says what is short where all is in use", async () => {
    const { one, two } = await fill();
    inUse = new Set([one.digest, two.digest]);
    const { state, reasons, space } = await ask(select({ name: "three" }));
    expect([state, space?.fits]).toEqual(["downloadable", false]);
    expect(space?.free).toBeLessThan(space?.needed ?? 0);
    expect(reasons.join(" ")).toContain("run from memory");
  });

  test("the pieces of a download that is under way in another tab stay", async () => {
    const { one, two } = await fill();
    const half = { key: ["f".repeat(64), 0] as [string, number], bytes: new ArrayBuffer(60_000) };
    await putPieces(database, [half]);
    quota = (quota ?? 0) + 60_000;
    const other = { packs: [one.digest], blobs: ["f".repeat(64)] };
    await new DownloadMark(database, "another tab's", other).beat();
    await installIt(select({ name: "three" }));
    expect(await names()).toEqual(["one", "three"]);
    expect(await whole(one)).toBe(true);
    expect(await whole(two)).toBe(false);
    expect((await missingPieces(database, [{ sha256: "f".repeat(64), bytes: 60_000 }])).size).toBe(
      0,
    );
  });

  test("what is left of one that was given up goes before any pack", async () => {
    await fill();
    const left = { key: ["e".repeat(64), 0] as [string, number], bytes: new ArrayBuffer(90_000) };
    await putPieces(database, [left]);
    quota = (quota ?? 0) + 90_000;
    await installIt(select({ name: "three" }));
    expect(await names()).toEqual(["one", "three", "two"]);
    expect((await missingPieces(database, [{ sha256: "e".repeat(64), bytes: 1 }])).size).toBe(1);
  });
});

describe("an update that does not fit", () => {
  test("takes the place of what was superseded before", async () => {
    await have("one", 2, "1.0.0");
    const second = await have("one", 3, "2.0.0");
    await database.use("proving", async (connection) => {
      for (const key of await connection.getAllKeys("activations")) {
        const active = await connection.get("activations", key);
        if (active === undefined) continue;
        const { lastGood: _, ...rest } = active;
        await connection.put("activations", { ...rest, isProven: true }, key);
      }
    });
    quota = (await storedBytes(database)) + MARGIN + 50_000;
    await publish("one", 4, "3.0.0");
    expect(await installIt(select({ name: "one" }))).toMatchObject({ version: "3.0.0" });
    expect((await listPacks(database)).map(({ version }) => version).sort()).toEqual([
      "2.0.0",
      "3.0.0",
    ]);
    expect(await whole(second)).toBe(true);
  });

  test("beside the version that serves is storage-full, and fetches nothing", async () => {
    const first = await have("one", 2);
    quota = await storedBytes(database);
    await publish("one", 3, "2.0.0");
    registry.requests.length = 0;
    await expect(installIt(select({ name: "one" }))).rejects.toMatchObject({
      code: "storage-full",
      message: expect.stringContaining("one@2.0.0"),
    });
    expect(registry.segmentRequests).toEqual([]);
    expect(await whole(first)).toBe(true);
    expect(await findActive(database, select({ name: "one" }))).toMatchObject({
      current: { digest: first.digest },
    });
  });
});

test("maxBytes bounds what models take, whatever the quota", async () => {
  quota = 1000 * MARGIN;
  const one = await have("one", 2);
  policy = { maxBytes: one.segment.byteLength + MARGIN };
  await publish("two", 3);
  expect(await installIt(select({ name: "two" }))).toMatchObject({
    storage: { kind: "persistent" },
  });
  expect(await names()).toEqual(["two"]);
  policy = { maxBytes: 1000 };
  await publish("three", 4);
  expect(await ask(select({ name: "three" }))).toMatchObject({ space: { fits: false } });
});

describe("a store that says it is full as it is written to", () => {
  /** Refuses every write of a piece until a pack has been deleted. */
  function refusePieces(isFull: () => Promise<boolean> | boolean) {
    const real = IDBObjectStore.prototype.put;
    const deleted = vi.spyOn(IDBObjectStore.prototype, "delete");
    vi.spyOn(IDBObjectStore.prototype, "put").mockImplementation(function (
      this: IDBObjectStore,
      value,
      key,
    ) {
      if (this.name === "pieces" && deleted.mock.calls.length === 0 && isFull())
        throw new DOMException("full", "QuotaExceededError");
      return key === undefined ? real.call(this, value) : real.call(this, value, key);
    });
  }

  test("has what may go evicted, and is written to once more", async () => {
    await have("one", 2);
    await publish("two", 3);
    refusePieces(() => true);
    expect(await installIt(select({ name: "two" }))).toMatchObject({
      storage: { kind: "persistent" },
    });
    expect(await names()).toEqual(["two"]);
  });

  test("and nothing may go, holds what it has; the rest is kept in memory", async () => {
    const one = await have("one", 2);
    inUse.add(one.digest);
    const two = await publish("two", 3);
    refusePieces(() => true);
    expect(await installIt(select({ name: "two" }))).toMatchObject({
      storage: { kind: "memory", reason: expect.stringContaining("no more room") },
      fetchedBytes: two.segment.byteLength - SHARED.byteLength,
    });
    expect([await whole(one), await whole(two)]).toEqual([true, true]);
  });
});
