import {
  type BlobRef,
  blobsOf,
  type Dtype,
  type Manifest,
  parseManifest,
  SelvedgeError,
} from "@selvedge/protocol";
import type { CachedPack, PackSelector } from "../worker/keeper-api.ts";
import { type ActivationRecord, activationKey, type Database, type PackRecord } from "./database.ts";
import { pieceId, pieceKeys } from "./pieces.ts";
import { storageError } from "./storage-error.ts";

/** The pack that answers for a selector, if one does. */
export async function findActive(
  database: Database,
  selector: PackSelector,
): Promise<ActivationRecord | undefined> {
  return (await database.connect()).get("activations", activationKey(selector));
}

/** A pack in the store, with its manifest. */
export async function findPack(
  database: Database,
  digest: string,
): Promise<{ record: PackRecord; manifest: Manifest } | undefined> {
  const record = await (await database.connect()).get("packs", digest);
  if (record === undefined) return undefined;
  const manifest = parseManifest(record.manifest, `stored manifest of ${record.name}`);
  return { record, manifest };
}

/** The text of a manifest in the store. */
export async function findManifestText(
  database: Database,
  digest: string,
): Promise<string | undefined> {
  return (await (await database.connect()).get("packs", digest))?.manifest;
}

/**
 * Makes a pack visible, and the answer for a selector, in one transaction.
 *
 * @returns `false`, with nothing written, where one of the pieces it needs is not in the store.
 */
export async function activate(
  database: Database,
  {
    pack,
    needs,
    selector,
  }: {
    pack: Omit<PackRecord, "dtypes" | "installedAt" | "usedAt"> & { dtype: Dtype };
    needs: readonly BlobRef[];
    selector: PackSelector;
  },
): Promise<boolean> {
  const { dtype, ...record } = pack;
  try {
    const transaction = (await database.connect()).transaction(
      ["packs", "activations", "pieces"],
      "readwrite",
    );
    const pieces = transaction.objectStore("pieces");
    const held = await Promise.all(needs.flatMap(pieceKeys).map((key) => pieces.getKey(key)));
    if (held.includes(undefined)) return false;
    const packs = transaction.objectStore("packs");
    const before = await packs.get(pack.digest);
    const now = Date.now();
    await Promise.all([
      packs.put({
        ...record,
        dtypes: [...new Set([...(before?.dtypes ?? []), dtype])],
        installedAt: before?.installedAt ?? now,
        usedAt: now,
      }),
      transaction
        .objectStore("activations")
        .put({ digest: pack.digest, dtype }, activationKey(selector)),
      transaction.done,
    ]);
    return true;
  } catch (error) {
    throw storageError(error, `installing ${pack.name}@${pack.version}`);
  }
}

/** Notes that a pack was opened just now. */
export async function touchPack(database: Database, digest: string): Promise<void> {
  const transaction = (await database.connect()).transaction("packs", "readwrite");
  const record = await transaction.store.get(digest);
  if (record !== undefined) await transaction.store.put({ ...record, usedAt: Date.now() });
  await transaction.done;
}

/** Every pack in the store, those used last first. */
export async function listPacks(database: Database): Promise<CachedPack[]> {
  const records = await (await database.connect()).getAll("packs");
  return records
    .map(({ name, version, digest, manifest, installedAt, usedAt }) => ({
      name,
      version,
      digest,
      bytes: blobsOf(parseManifest(manifest)).reduce((sum, blob) => sum + blob.bytes, 0),
      installedAt: new Date(installedAt),
      usedAt: new Date(usedAt),
    }))
    .sort((a, b) => b.usedAt.getTime() - a.usedAt.getTime());
}

/** Bytes of all pieces in the store, those of unfinished downloads included. */
export async function storedBytes(database: Database): Promise<number> {
  const store = (await database.connect()).transaction("pieces").store;
  let bytes = 0;
  for (let cursor = await store.openCursor(); cursor; cursor = await cursor.continue())
    bytes += cursor.value.byteLength;
  return bytes;
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
  const transaction = (await database.connect()).transaction(
    ["packs", "activations", "pieces"],
    "readwrite",
  );
  const packs = transaction.objectStore("packs");
  const all = await packs.getAll();
  const gone = all.filter(isMeant);
  const kept = all.filter((pack) => !isMeant(pack));
  const piecesOf = (pack: PackRecord) => blobsOf(parseManifest(pack.manifest)).flatMap(pieceKeys);
  const stillNeeded = new Set(kept.flatMap(piecesOf).map(pieceId));
  const pieces = transaction.objectStore("pieces");
  const removals = gone.flatMap((pack) => [
    packs.delete(pack.digest),
    ...piecesOf(pack)
      .filter((key) => !stillNeeded.has(pieceId(key)))
      .map((key) => pieces.delete(key)),
  ]);
  const activations = transaction.objectStore("activations");
  for (let cursor = await activations.openCursor(); cursor; cursor = await cursor.continue())
    if (gone.some(({ digest }) => digest === cursor?.value.digest)) removals.push(cursor.delete());
  await Promise.all([...removals, transaction.done]);
  return gone.length;
}

/** Empties the cache of models. What telemetry waits in the outbox stays. */
export async function clearPacks(database: Database): Promise<void> {
  const stores = ["packs", "activations", "pieces"] as const;
  const transaction = (await database.connect()).transaction(stores, "readwrite");
  await Promise.all([
    ...stores.map((store) => transaction.objectStore(store).clear()),
    transaction.done,
  ]);
}

/** The variant of a manifest in this dtype. */
export function variantOf(manifest: Manifest, dtype: Dtype): Manifest["variants"][number] {
  const variant = manifest.variants.find((candidate) => candidate.dtype === dtype);
  if (variant !== undefined) return variant;
  const packed = manifest.variants.map((candidate) => candidate.dtype).join(", ");
  throw new SelvedgeError(
    "no-candidate",
    `${manifest.name}@${manifest.version} is not packed as ${dtype}, only as ${packed}. Ask for one of those, or leave dtype "auto".`,
  );
}
