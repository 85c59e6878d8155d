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
import type { Database, PackRecord } from "./database.ts";
import { clearImages, listImages } from "./images.ts";
import { soundPack } from "./sound-record.ts";
import { isUnavailable } from "./storage-error.ts";

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

async function findRecord(database: Database, digest: string): Promise<PackRecord | undefined> {
  const inMemory = database.memory.packs.get(digest);
  if (inMemory !== undefined) return inMemory;
  const record = await database.read(
    { doing: "looking for a stored model", stores: ["packs"], nothing: undefined },
    ({ store }) => store.get(digest),
  );
  return record && soundPack(record);
}

async function isIntact({ digest, manifest }: PackRecord): Promise<boolean> {
  return (await sha256(new TextEncoder().encode(manifest))) === digest;
}

/** Notes that a pack was opened just now. */
export async function touchPack(database: Database, digest: string): Promise<void> {
  await database.transact(
    { doing: "noting that a model was used", stores: ["packs"], mode: "readwrite" },
    async ({ store }) => {
      const record = await store.get(digest);
      if (record !== undefined) await store.put({ ...record, usedAt: Date.now() });
    },
  );
}

/**
 * Every pack that is complete, those used last first.
 *
 * @param inUse digests of packs that a tab has loaded
 */
export async function listPacks(
  database: Database,
  inUse: ReadonlySet<string> = new Set(),
): Promise<CachedPack[]> {
  const stored = await database.read(
    { doing: "listing stored models", stores: ["packs"], nothing: [] },
    ({ store }) => store.getAll(),
  );
  const images = await listImages(database);
  const { packs: inMemory } = database.memory;
  const records = [
    ...stored.map(soundPack).filter(({ digest }) => !inMemory.has(digest)),
    ...inMemory.values(),
  ];
  const blobs = records.map((record) => blobsOfRecord(record, record.dtypes));
  const owners = new Map<string, number>();
  for (const { sha256 } of blobs.flat()) owners.set(sha256, (owners.get(sha256) ?? 0) + 1);
  return records
    .map((record, i) => ({
      name: record.name,
      version: record.version,
      digest: record.digest,
      bytes: totalBytes(blobs[i] ?? []),
      imageBytes: totalBytes(images.filter(({ pack }) => pack === record.digest)),
      shared: totalBytes((blobs[i] ?? []).filter(({ sha256 }) => (owners.get(sha256) ?? 0) > 1)),
      inUse: inUse.has(record.digest),
      storage: inMemory.has(record.digest) ? ("memory" as const) : ("persistent" as const),
      installedAt: new Date(record.installedAt),
      usedAt: new Date(record.usedAt),
    }))
    .sort((a, b) => b.usedAt.getTime() - a.usedAt.getTime());
}

/** Bytes of all pieces in IndexedDB, those of unfinished downloads included, and of images. */
export async function storedBytes(database: Database): Promise<number> {
  const pieces = database.read(
    { doing: "measuring the model cache", stores: ["pieces"], nothing: 0 },
    async ({ store }) => {
      let bytes = 0;
      for (let cursor = await store.openCursor(); cursor; cursor = await cursor.continue()) {
        const piece: unknown = cursor.value;
        if (piece instanceof ArrayBuffer) bytes += piece.byteLength;
      }
      return bytes;
    },
  );
  return (await pieces) + totalBytes(await listImages(database));
}

/** Empties the cache of models. What telemetry waits in the outbox stays. */
export async function clearPacks(database: Database): Promise<void> {
  database.memory.clear();
  const stores = ["packs", "activations", "pieces", "downloads", "verdicts"] as const;
  await database
    .transact({ doing: "clearing the model cache", stores, mode: "readwrite" }, (transaction) =>
      Promise.all(stores.map(async (store) => transaction.objectStore(store).clear())),
    )
    .then(() => clearImages(database))
    .catch(unlessUnavailable);
}

/** What a device needs of a pack to run one variant of it, and to prove it; each blob once. */
export function neededBlobs(manifest: Manifest, variant: Variant): BlobRef[] {
  return blobsOf({ ...manifest, variants: [variant] });
}

/** Bytes of some blobs, or images, together. */
export function totalBytes(all: readonly { readonly bytes: number }[]): number {
  return all.reduce((sum, { bytes }) => sum + bytes, 0);
}

/** A stored pack's blobs; none where its manifest was damaged, so that it can still be deleted. */
export function blobsOfRecord(
  { manifest: text }: PackRecord,
  dtypes?: readonly Dtype[],
): BlobRef[] {
  let manifest: Manifest;
  try {
    manifest = parseManifest(text);
  } catch {
    return [];
  }
  const variants = manifest.variants.filter(({ dtype }) => dtypes?.includes(dtype) ?? true);
  return blobsOf({ ...manifest, variants });
}

/** A cache that cannot be opened has nothing that could be deleted. @throws any other error */
function unlessUnavailable(error: unknown): void {
  if (!isUnavailable(error)) throw error;
}
