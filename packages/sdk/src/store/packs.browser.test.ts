import { PIECE_BYTES } from "@selvedge/protocol";
import { beforeEach, describe, expect, test } from "vitest";
import { select } from "../delivery/registry.fixture.ts";
import { Outbox } from "../telemetry/outbox.ts";
import { activate, findActive } from "./activations.ts";
import type { Database } from "./database.ts";
import { freshDatabase } from "./fresh-database.fixture.ts";
import { type BuiltPack, buildPack, firstVariant, noise } from "./pack.fixture.ts";
import {
  clearPacks,
  findManifestText,
  findPack,
  listPacks,
  neededBlobs,
  storedBytes,
  touchPack,
} from "./packs.ts";
import { missingPieces, pieceKeys, putPieces } from "./pieces.ts";
import { removePacks } from "./remove-packs.ts";

const SHARED = noise(PIECE_BYTES + 10, 1);

let database: Database;
let first: BuiltPack;
/** Shares its weights with the first, but for one tensor. */
let second: BuiltPack;

beforeEach(async () => {
  database = await freshDatabase();
  first = await buildPack({ version: "1.0.0", tensors: [SHARED, noise(3000, 2)] });
  second = await buildPack({ version: "2.0.0", tensors: [SHARED, noise(3000, 3)] });
});

async function putAllPieces({ manifest, segment }: BuiltPack): Promise<void> {
  const blobs = neededBlobs(manifest, firstVariant(manifest));
  await putPieces(
    database,
    blobs.flatMap((blob) =>
      pieceKeys(blob).map((key) => {
        const start = blob.at.offset + key[1] * PIECE_BYTES;
        const end = Math.min(start + PIECE_BYTES, blob.at.offset + blob.bytes);
        return { key, bytes: segment.slice(start, end).buffer };
      }),
    ),
  );
}

function activatePack(
  { manifest, text, digest }: BuiltPack,
  selector = select(),
): Promise<boolean> {
  const { name, version } = manifest;
  return activate(database, {
    pack: { digest, registry: selector.registry, name, version, manifest: text, dtype: "fp32" },
    needs: neededBlobs(manifest, firstVariant(manifest)),
    selector,
  });
}

async function install(pack: BuiltPack, selector = select()): Promise<void> {
  await putAllPieces(pack);
  expect(await activatePack(pack, selector)).toBe(true);
}

const bytesOf = (pack: BuiltPack) =>
  neededBlobs(pack.manifest, firstVariant(pack.manifest)).reduce(
    (sum, { bytes }) => sum + bytes,
    0,
  );
const missingOf = async (pack: BuiltPack) =>
  (await missingPieces(database, neededBlobs(pack.manifest, firstVariant(pack.manifest)))).size;

describe("activating", () => {
  test("makes a pack visible, and the answer for its selector alone", async () => {
    await install(first);
    expect(await findActive(database, select())).toEqual({
      current: { digest: first.digest, dtype: "fp32" },
      isProven: false,
      refused: [],
    });
    expect(await findActive(database, select({ channel: "canary" }))).toBeUndefined();
    expect(await findActive(database, select({ version: "1.0.0" }))).toBeUndefined();
    expect((await findPack(database, first.digest))?.manifest).toEqual(first.manifest);
    expect(await findManifestText(database, first.digest)).toBe(first.text);
  });

  test("refuses a pack that lacks a piece, and leaves the one before it in force", async () => {
    await install(first);
    await putAllPieces(second);
    const [graph] = neededBlobs(second.manifest, firstVariant(second.manifest));
    await database.use("losing a piece", (connection) =>
      connection.delete("pieces", [graph?.sha256 ?? "", 0]),
    );
    expect(await activatePack(second)).toBe(false);
    expect(await findPack(database, second.digest)).toBeUndefined();
    expect(await findActive(database, select())).toMatchObject({
      current: { digest: first.digest },
    });
  });

  test("keeps when a pack was installed first, and the dtypes it has already", async () => {
    await install(first);
    const before = await findPack(database, first.digest);
    await install(first, select({ version: "1.0.0" }));
    const after = await findPack(database, first.digest);
    expect(after?.record.installedAt).toBe(before?.record.installedAt);
    expect(after?.record.dtypes).toEqual(["fp32"]);
  });
});

test("a stored manifest with a flipped bit is damaged, and not offered as text", async () => {
  await install(first);
  await database.use("damaging a manifest", async (connection) => {
    const record = await connection.get("packs", first.digest);
    if (record === undefined) throw new Error("the pack is not there");
    const manifest = record.manifest.replace('"memoryBytes":0', '"memoryBytes":8');
    await connection.put("packs", { ...record, manifest });
  });
  await expect(findPack(database, first.digest)).rejects.toMatchObject({ code: "storage-damaged" });
  expect(await findManifestText(database, first.digest)).toBeUndefined();
});

test("packs are listed those used last first, with the bytes each takes", async () => {
  await install(first);
  await install(second);
  await database.use("setting clocks", async (connection) => {
    for (const [{ digest }, usedAt] of [
      [first, 1000],
      [second, 2000],
    ] as const) {
      const record = await connection.get("packs", digest);
      if (record !== undefined) await connection.put("packs", { ...record, usedAt });
    }
  });
  expect((await listPacks(database)).map(({ version, bytes }) => ({ version, bytes }))).toEqual([
    { version: "2.0.0", bytes: bytesOf(second) },
    { version: "1.0.0", bytes: bytesOf(first) },
  ]);
  await touchPack(database, first.digest);
  expect((await listPacks(database)).map(({ version }) => version)).toEqual(["1.0.0", "2.0.0"]);
});

test("of a pack with several dtypes only those that are stored are counted", async () => {
  const both = await buildPack({ dtypes: ["fp32", "q8"], tensors: [] });
  await install(both);
  const [listed] = await listPacks(database);
  expect(listed?.bytes).toBe(bytesOf(both));
  expect(await storedBytes(database)).toBe(bytesOf(both));
});

describe("removing", () => {
  test("deletes a pack, its activations and its pieces, but none that another pack needs", async () => {
    await install(first, select({ version: "1.0.0" }));
    await install(second);
    expect(await removePacks(database, ({ version }) => version === "1.0.0")).toBe(1);
    expect(await findActive(database, select({ version: "1.0.0" }))).toBeUndefined();
    expect(await findPack(database, first.digest)).toBeUndefined();
    expect(await missingOf(second)).toBe(0);
    expect(await storedBytes(database)).toBe(bytesOf(second));
    expect(await removePacks(database, () => true)).toBe(1);
    expect(await storedBytes(database)).toBe(0);
  });

  test("takes along what is left of a download that was given up", async () => {
    await install(first);
    const left = { key: ["0".repeat(64), 0] as [string, number], bytes: new ArrayBuffer(500) };
    await putPieces(database, [left]);
    expect(await removePacks(database, () => false)).toBe(0);
    expect(await storedBytes(database)).toBe(bytesOf(first));
  });

  test("deletes nothing where nothing is meant", async () => {
    await install(first);
    expect(await removePacks(database, () => false)).toBe(0);
    expect(await missingOf(first)).toBe(0);
  });

  test("takes a pack whose manifest is beyond reading too, and listing goes on", async () => {
    await install(first);
    await install(second);
    await database.use("damaging a manifest", async (connection) => {
      const record = await connection.get("packs", first.digest);
      if (record !== undefined) await connection.put("packs", { ...record, manifest: "<!doctype" });
    });
    expect((await listPacks(database)).map(({ version }) => version).sort()).toEqual([
      "1.0.0",
      "2.0.0",
    ]);
    expect(await removePacks(database, ({ version }) => version === "1.0.0")).toBe(1);
    expect((await listPacks(database)).map(({ version }) => version)).toEqual(["2.0.0"]);
    expect(await missingOf(second)).toBe(0);
  });
});

test("clearing deletes every model, and keeps the telemetry that waits", async () => {
  const outbox = new Outbox(database, { maxBytes: 1000, maxAgeMs: 1000 });
  await outbox.add({ signal: "metrics", body: { resourceMetrics: [] } });
  await install(first);
  await clearPacks(database);
  expect(await listPacks(database)).toEqual([]);
  expect(await findActive(database, select())).toBeUndefined();
  expect(await storedBytes(database)).toBe(0);
  const leased = await outbox.lease({ owner: "test", endpoint: "/v1" });
  expect(leased).toMatchObject({ kind: "batches", batches: [{ batch: { signal: "metrics" } }] });
});
