import {
  type BlobRef,
  blobsOf,
  type Dtype,
  type Manifest,
  parseManifest,
  SelvedgeError,
  sha256,
  type Variant,
} from "@selvedge/protocol";
import type { CachedPack } from "../worker/keeper-api.ts";
import { afterRemoval } from "./activation-rules.ts";
import type { Database, PackChoice, PackRecord } from "./database.ts";
import { pieceId, pieceKeys } from "./pieces.ts";
import { soundActivation, soundPack } from "./sound-record.ts";

/**
 * A pack in the store, with its manifest.
 *
 * @throws SelvedgeError `storage-damaged` where the manifest is not what it was.
 */
export async function findPack(
  database: Database,
  digest: string,
): Promise<{ record: PackRecord; manifest: Manifest } | undefined> {
  const record = await findRecord(database, digest);
  if (record === undefined) return undefined;
  if (!(await isIntact(record)))
    throw new SelvedgeError(
      "storage-damaged",
      `The stored manifest of ${record.name}@${record.version} is not what it was. Load the model again to fetch it.`,
      { detail: { digest } },
    );
  const manifest = parseManifest(record.manifest, `stored manifest of ${record.name}`);
  return { record, manifest };
}

/** The text of a manifest in the store, where it is there and intact. */
export async function findManifestText(
  database: Database,
  digest: string,
): Promise<string | undefined> {
  const record = await findRecord(database, digest);
  return record !== undefined && (await isIntact(record)) ? record.manifest : undefined;
}

/** The version of a pack in the store, whatever has become of its bytes. */
export async function findVersion(database: Database, digest: string): Promise<string | undefined> {
  return (await findRecord(database, digest))?.version;
}

function findRecord(database: Database, digest: string): Promise<PackRecord | undefined> {
  return database.use("looking for a stored model", (connection) =>
    connection.get("packs", digest),
  );
}

async function isIntact({ digest, manifest }: PackRecord): Promise<boolean> {
  return (await sha256(new TextEncoder().encode(manifest))) === digest;
}

/** Notes that a pack was opened just now. */
export async function touchPack(database: Database, digest: string): Promise<void> {
  await database.use("noting that a model was used", async (connection) => {
    const { store, done } = connection.transaction("packs", "readwrite");
    const record = await store.get(digest);
    if (record !== undefined) await store.put({ ...record, usedAt: Date.now() });
    await done;
  });
}

/** Every pack in the store, those used last first. */
export async function listPacks(database: Database): Promise<CachedPack[]> {
  const records = await database.use("listing stored models", (connection) =>
    connection.getAll("packs"),
  );
  return records
    .map(soundPack)
    .map((record) => ({
      name: record.name,
      version: record.version,
      digest: record.digest,
      bytes: totalBytes(blobsOfRecord(record, record.dtypes)),
      installedAt: new Date(record.installedAt),
      usedAt: new Date(record.usedAt),
    }))
    .sort((a, b) => b.usedAt.getTime() - a.usedAt.getTime());
}

/** Bytes of all pieces in the store, those of unfinished downloads included. */
export async function storedBytes(database: Database): Promise<number> {
  return database.use("measuring the model cache", async (connection) => {
    const { store } = connection.transaction("pieces");
    let bytes = 0;
    for (let cursor = await store.openCursor(); cursor; cursor = await cursor.continue())
      bytes += cursor.value.byteLength;
    return bytes;
  });
}

/**
 * Deletes packs, what they were the answer for, and the pieces that no pack left behind needs; all of
 * it or nothing.
 *
 * @returns how many packs were deleted
 */
export async function removePacks(
  database: Database,
  isMeant: (pack: { name: string; version: string }) => boolean,
): Promise<number> {
  return database.use("deleting stored models", async (connection) => {
    const transaction = connection.transaction(["packs", "activations", "pieces"], "readwrite");
    const packs = transaction.objectStore("packs");
    const all = await packs.getAll();
    const gone = all.filter(isMeant);
    const kept = all.filter((pack) => !isMeant(pack));
    const piecesOf = (pack: PackRecord) => blobsOfRecord(pack).flatMap(pieceKeys);
    const stillNeeded = new Set(kept.flatMap(piecesOf).map(pieceId));
    const pieces = transaction.objectStore("pieces");
    // Whatever no pack needs goes, what is left of downloads that were given up included; a download
    // that is under way notices at its end, and fetches again what went.
    const unneeded = (await pieces.getAllKeys()).filter((key) => !stillNeeded.has(pieceId(key)));
    const removals: Promise<unknown>[] = [
      ...gone.map((pack) => packs.delete(pack.digest)),
      ...unneeded.map((key) => pieces.delete(key)),
    ];
    const activations = transaction.objectStore("activations");
    const isGone = (choice: PackChoice) => gone.some(({ digest }) => digest === choice.digest);
    for (let cursor = await activations.openCursor(); cursor; cursor = await cursor.continue()) {
      const active = soundActivation(cursor.value);
      const left = active && afterRemoval(active, isGone);
      removals.push(left === undefined ? cursor.delete() : cursor.update(left));
    }
    await Promise.all([...removals, transaction.done]);
    return gone.length;
  });
}

/** Empties the cache of models. What telemetry waits in the outbox stays. */
export async function clearPacks(database: Database): Promise<void> {
  const stores = ["packs", "activations", "pieces"] as const;
  await database.use("clearing the model cache", (connection) => {
    const transaction = connection.transaction(stores, "readwrite");
    return Promise.all([
      ...stores.map((store) => transaction.objectStore(store).clear()),
      transaction.done,
    ]);
  });
}

/** What a device needs of a pack to run one variant of it, and to prove it; each blob once. */
export function neededBlobs(manifest: Manifest, variant: Variant): BlobRef[] {
  return blobsOf({ ...manifest, variants: [variant] });
}

/** Bytes of some blobs together. */
export function totalBytes(blobs: readonly BlobRef[]): number {
  return blobs.reduce((sum, blob) => sum + blob.bytes, 0);
}

/** A stored pack's blobs; none where its manifest was damaged, so that it can still be deleted. */
function blobsOfRecord({ manifest: text }: PackRecord, dtypes?: readonly Dtype[]): BlobRef[] {
  let manifest: Manifest;
  try {
    manifest = parseManifest(text);
  } catch {
    return [];
  }
  const variants = manifest.variants.filter(({ dtype }) => dtypes?.includes(dtype) ?? true);
  return blobsOf({ ...manifest, variants });
}
