import { afterRemoval } from "./activation-rules.ts";
import type { Database, PackChoice, PackRecord } from "./database.ts";
import { isUnderWay } from "./downloads.ts";
import { tidyImages } from "./images.ts";
import { blobsOfRecord } from "./packs.ts";
import { pieceId, pieceKeys } from "./pieces.ts";
import { soundActivation, soundPack } from "./sound-record.ts";
import { isUnavailable } from "./storage-error.ts";
import { verdictRange } from "./verdicts.ts";

/** What is asked of packs before they go. */
type IsMeant = (pack: { name: string; version: string; digest: string }) => boolean;

/**
 * Deletes packs, what they were the answer for, and the pieces that no pack left behind needs, what is
 * left of downloads that were given up included; all of it or nothing. A download that is under way
 * keeps its pieces.
 *
 * @param keep digests of blobs to leave, whosever they are
 * @returns how many packs were deleted
 */
export async function removePacks(
  database: Database,
  isMeant: IsMeant,
  keep: ReadonlySet<string> = new Set(),
): Promise<number> {
  const inMemory = removeFromMemory(database, isMeant);
  try {
    const removed = await removeFromStore(database, isMeant, keep);
    if (removed > 0) await tidyImages(database);
    return inMemory + removed;
  } catch (error) {
    if (isUnavailable(error)) return inMemory;
    throw error;
  }
}

function removeFromMemory({ memory }: Database, isMeant: IsMeant): number {
  const gone = [...memory.packs.values()].filter(isMeant);
  const digests = new Set(gone.map(({ digest }) => digest));
  for (const digest of digests) memory.packs.delete(digest);
  for (const [key, { current }] of memory.activations)
    if (digests.has(current.digest)) memory.activations.delete(key);
  for (const [key, { digest }] of memory.verdicts)
    if (digests.has(digest)) memory.verdicts.delete(key);
  const needed = new Set(piecesOf([...memory.packs.values()]));
  memory.drop(piecesOf(gone).filter((id) => !needed.has(id)));
  memory.isFull = false;
  return gone.length;
}

function removeFromStore(
  database: Database,
  isMeant: IsMeant,
  keep: ReadonlySet<string>,
): Promise<number> {
  const stores = ["packs", "activations", "pieces", "downloads", "verdicts"] as const;
  return database.transact(
    { doing: "deleting stored models", stores, mode: "readwrite" },
    async (transaction) => {
      const [packs, activations, pieces, downloads] = [
        transaction.objectStore("packs"),
        transaction.objectStore("activations"),
        transaction.objectStore("pieces"),
        transaction.objectStore("downloads"),
      ];
      const records = (await packs.getAll()).map(soundPack);
      const gone = records.filter(isMeant);
      const kept = records.filter((pack) => !isMeant(pack));
      const stillNeeded = new Set(piecesOf([...kept, ...database.memory.packs.values()]));
      const downloading = (await downloads.getAll()).filter((record) => isUnderWay(record));
      const gathered = new Set([...keep, ...downloading.flatMap(({ blobs }) => blobs)]);
      const unneeded = (await pieces.getAllKeys()).filter(
        (key) => !stillNeeded.has(pieceId(key)) && !gathered.has(key[0]),
      );
      const isGone = (choice: PackChoice) => gone.some(({ digest }) => digest === choice.digest);
      for (let cursor = await activations.openCursor(); cursor; cursor = await cursor.continue()) {
        const value = soundActivation(cursor.value);
        const left = value && afterRemoval(value, isGone);
        if (left === undefined) await cursor.delete();
        else await cursor.update(left);
      }
      const verdicts = transaction.objectStore("verdicts");
      await Promise.all([
        ...gone.map(async (pack) => packs.delete(pack.digest)),
        ...gone.map(async (pack) => verdicts.delete(verdictRange(pack.digest))),
        ...unneeded.map(async (key) => pieces.delete(key)),
      ]);
      return gone.length;
    },
  );
}

function piecesOf(packs: readonly PackRecord[]): string[] {
  return packs
    .flatMap((pack) => blobsOfRecord(pack))
    .flatMap(pieceKeys)
    .map(pieceId);
}
