import { PIECE_BYTES } from "@selvedge/protocol";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { findActive } from "../store/activations.ts";
import type { Database, PieceKey } from "../store/database.ts";
import { freshDatabase } from "../store/fresh-database.fixture.ts";
import { type BuiltPack, buildPack, firstVariant, noise } from "../store/pack.fixture.ts";
import { clearPacks, findPack } from "../store/packs.ts";
import { install } from "./install.ts";
import { FakeRegistry, REGISTRY, select } from "./registry.fixture.ts";
import { readAttachment, restorePack } from "./restore-pack.ts";
import { roomsOf } from "./rooms.fixture.ts";

const { signal } = new AbortController();
const LABELS = new TextEncoder().encode("a\nb");

let database: Database;
let pack: BuiltPack;
let registry: FakeRegistry;

beforeEach(async () => {
  database = await freshDatabase();
  pack = await buildPack({ attachments: { "labels.txt": LABELS } });
  registry = new FakeRegistry([pack]);
  vi.stubGlobal("fetch", registry.fetch);
  await installIt();
  registry.requests.length = 0;
});

afterEach(() => {
  vi.unstubAllGlobals();
});

const installIt = () =>
  install(roomsOf(database), select(), { signal, onProgress: () => undefined });
const ref = () =>
  ({
    origin: { name: "tiny", version: "1.0.0" },
    digest: pack.digest,
    dtype: "fp32",
    backend: "wasm",
    features: [],
  }) as const;
const restore = () => restorePack(roomsOf(database), ref(), { registry: REGISTRY, signal });
const labels = () =>
  readAttachment(roomsOf(database), ref(), { file: "labels.txt", registry: REGISTRY, signal });

async function spoil(key: PieceKey, value: unknown): Promise<void> {
  await database.use("damaging a piece", (connection) =>
    connection.put("pieces", value as ArrayBuffer, key),
  );
}
const large = () => firstVariant(pack.manifest).tensors[0]?.sha256 ?? "";

test("what is whole is read, and the registry is not asked", async () => {
  const { manifest, pieces } = await restore();
  expect(manifest).toBe(pack.text);
  // The graph, a tensor of three pieces, and a small one; labels are no engine's.
  expect(pieces).toHaveLength(1 + 3 + 1);
  expect(registry.requests).toEqual([]);
});

describe("a piece that", () => {
  test.each<[became: string, value: unknown]>([
    ["became other bytes", new ArrayBuffer(PIECE_BYTES)],
    ["became shorter", new ArrayBuffer(12)],
    ["became a text", "no bytes at all"],
    ["became nothing", null],
  ])("%s is fetched again, and nothing else", async (_became, value) => {
    await spoil([large(), 1], value);
    const { pieces } = await restore();
    expect(pieces).toHaveLength(5);
    const fetched = registry.segmentRequests.map(({ range: [start, end] = [0, 0] }) => end - start);
    expect(fetched).toEqual([PIECE_BYTES]);
    expect(registry.requests).toHaveLength(1);
  });
});

test("labels that were damaged are fetched again, and nothing else", async () => {
  const [file] = pack.manifest.attachments;
  await spoil([file?.sha256 ?? "", 0], "no labels");
  expect(await labels()).toEqual(LABELS);
  expect(registry.requests).toHaveLength(1);
  expect(await labels()).toEqual(LABELS);
  expect(registry.requests).toHaveLength(1);
});

test("a pack that the browser evicted is fetched again, as the version it was", async () => {
  await clearPacks(database);
  registry.publish(await buildPack({ version: "2.0.0", tensors: [noise(100, 9)] }));
  expect((await restore()).manifest).toBe(pack.text);
  expect(await findPack(database, pack.digest)).toBeDefined();
  // It is there, and the answer for nothing: that is for whoever loads it to say.
  expect(await findActive(database, select())).toBeUndefined();
});

test("another pack under the version that was lost is not taken for it", async () => {
  await clearPacks(database);
  registry.publish(await buildPack({ tensors: [noise(100, 9)] }));
  await expect(restore()).rejects.toMatchObject({ code: "integrity" });
});

test("a device that is offline says so, and keeps what it has", async () => {
  await spoil([large(), 1], new ArrayBuffer(7));
  registry.intercept = () => {
    throw new TypeError("Failed to fetch");
  };
  await expect(restore()).rejects.toMatchObject({ code: "network" });
  expect(await labels()).toEqual(LABELS);
});

test("a damaged update on a device that is offline says that the version before it is whole", async () => {
  registry.publish(await buildPack({ version: "2.0.0", tensors: [noise(3000, 9)] }));
  await database.use("proving", async (connection) => {
    for (const key of await connection.getAllKeys("activations")) {
      const active = await connection.get("activations", key);
      if (active !== undefined)
        await connection.put("activations", { ...active, isProven: true }, key);
    }
  });
  const { digest } = await installIt();
  const update = await findPack(database, digest);
  await spoil([update?.manifest.variants[0]?.graph.sha256 ?? "", 0], undefined);
  registry.intercept = () => {
    throw new TypeError("Failed to fetch");
  };
  await expect(installIt()).rejects.toMatchObject({
    code: "network",
    message: expect.stringContaining("Version 1.0.0, which served here before, is whole"),
    detail: { lastGood: pack.digest },
  });
});
