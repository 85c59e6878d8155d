import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { openPack } from "../engine/open-pack.ts";
import { findActive } from "../store/activations.ts";
import { Database } from "../store/database.ts";
import { freshDatabase } from "../store/fresh-database.fixture.ts";
import { type BuiltPack, buildPack, firstVariant, noise } from "../store/pack.fixture.ts";
import { clearPacks, findPack, listPacks, neededBlobs } from "../store/packs.ts";
import { missingPieces, readBlobs } from "../store/pieces.ts";
import { removePacks } from "../store/remove-packs.ts";
import { availability } from "./availability.ts";
import { install } from "./install.ts";
import { FakeRegistry, REGISTRY, select } from "./registry.fixture.ts";
import { restorePack } from "./restore-pack.ts";
import { roomsOf } from "./rooms.fixture.ts";

const { signal } = new AbortController();
const WEIGHTS = noise(5000, 1);
const GOLDEN: [Uint8Array, Uint8Array] = [noise(16, 3), noise(16, 4)];

let database: Database;
let pack: BuiltPack;
let registry: FakeRegistry;

beforeEach(async () => {
  database = await freshDatabase();
  pack = await buildPack({ tensors: [WEIGHTS], golden: GOLDEN });
  registry = new FakeRegistry([pack]);
  vi.stubGlobal("fetch", registry.fetch);
});

afterEach(() => {
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});

const refuse = () =>
  vi.spyOn(IDBFactory.prototype, "open").mockImplementation(() => {
    throw new DOMException("access denied", "SecurityError");
  });
const installIt = (selector = select()) =>
  install(roomsOf(database), selector, { signal, onProgress: () => undefined });
const ref = () =>
  ({
    origin: { name: "tiny", version: "1.0.0" },
    digest: pack.digest,
    dtype: "fp32",
    backend: "wasm",
    features: [],
  }) as const;
const restore = () => restorePack(roomsOf(database), ref(), { registry: REGISTRY, signal });
const needs = () => neededBlobs(pack.manifest, firstVariant(pack.manifest));

describe("where IndexedDB is refused", () => {
  beforeEach(() => {
    refuse();
  });

  test("a model is delivered all the same, verified, and says where it is and why", async () => {
    expect(await installIt()).toMatchObject({
      digest: pack.digest,
      fetchedBytes: pack.segment.byteLength,
      storage: { kind: "memory", reason: expect.stringContaining("refuses IndexedDB") },
    });
    expect(await readBlobs(database, needs())).toHaveLength(needs().length);
    expect(await listPacks(database)).toMatchObject([{ name: "tiny", storage: "memory" }]);
  });

  test("a second load fetches no model byte, and works offline", async () => {
    await installIt();
    registry.requests.length = 0;
    expect(await installIt()).toMatchObject({ fetchedBytes: 0, storage: { kind: "memory" } });
    registry.intercept = () => {
      throw new TypeError("Failed to fetch");
    };
    expect(await installIt()).toMatchObject({ digest: pack.digest, fetchedBytes: 0 });
    expect(registry.segmentRequests).toEqual([]);
    expect(
      await availability(roomsOf(database), select(), { signal, isDownloading: false }),
    ).toEqual({ state: "available", bytes: 0, reasons: [] });
  });

  test("an engine with a store of its own is handed the pack, and may be handed it again", async () => {
    await installIt();
    for (const _ of [1, 2]) {
      const engine = new Database();
      expect(await openPack(engine, { by: "selector", selector: select() })).toBeUndefined();
      await expect(openPack(engine, { by: "digest", ...ref() })).rejects.toMatchObject({
        code: "storage-damaged",
      });
      const bytes = structuredClone(await restore());
      const read = await openPack(engine, { by: "bytes", ...ref(), ...bytes });
      expect(read?.source.tensors.map(({ data }) => new Uint8Array(data))).toEqual([WEIGHTS]);
      const [golden] = read?.manifest.golden.cases ?? [];
      const answers = await readBlobs(engine, golden?.outputs ?? []);
      expect(answers.map((bytes) => new Uint8Array(bytes))).toEqual([GOLDEN[1]]);
    }
    expect(registry.segmentRequests).toHaveLength(1);
  });

  test("bytes that are given away do not go from here", async () => {
    await installIt();
    const { pieces } = await restore();
    structuredClone(null, { transfer: pieces.map(({ bytes }) => bytes) });
    expect((await missingPieces(database, needs())).size).toBe(0);
    expect(await readBlobs(database, needs())).toHaveLength(needs().length);
  });

  test("deleting and clearing take it from memory too", async () => {
    await installIt();
    expect(await removePacks(database, ({ name }) => name === "tiny")).toBe(1);
    expect(await listPacks(database)).toEqual([]);
    expect((await missingPieces(database, needs())).size).toBe(needs().length);
    await installIt();
    await clearPacks(database);
    expect(await findActive(database, select())).toBeUndefined();
  });
});

test("what was refused once is stored once it is not any more", async () => {
  const refused = refuse();
  await installIt();
  refused.mockRestore();
  await clearPacks(database);
  expect(await installIt()).toMatchObject({ storage: { kind: "persistent" } });
  expect(await findPack(new Database(), pack.digest)).toBeDefined();
});

test("a store that can no longer be opened after it worked costs a download, and no error", async () => {
  await installIt();
  await database.close();
  refuse();
  expect(await installIt()).toMatchObject({
    fetchedBytes: pack.segment.byteLength,
    storage: { kind: "memory" },
  });
});
