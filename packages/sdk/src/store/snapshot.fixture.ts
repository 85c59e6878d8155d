import type { StoreNames, StoreValue } from "idb";
import type { Database, StoreSchema } from "./database.ts";

type StoreName = StoreNames<StoreSchema>;
type Entry = readonly [key: IDBValidKey, value: unknown];

/** Stores that hold models, in which damage is done. */
const STORES = ["packs", "activations", "pieces"] as const;

/** Every record of models in a store, as it was. */
export interface Snapshot {
  readonly entries: Readonly<Record<(typeof STORES)[number], readonly Entry[]>>;
}

export async function takeSnapshot(database: Database): Promise<Snapshot> {
  const entriesOf = (store: (typeof STORES)[number]) =>
    database.use("taking a snapshot", async (connection): Promise<Entry[]> => {
      const source = connection.transaction(store).store;
      const [keys, values] = await Promise.all([source.getAllKeys(), source.getAll()]);
      return keys.map((key, i) => [key, values[i]]);
    });
  const [packs, activations, pieces] = await Promise.all(STORES.map(entriesOf));
  return { entries: { packs: packs ?? [], activations: activations ?? [], pieces: pieces ?? [] } };
}

/**
 * Makes the store what it was. Pieces are taken to be right where they are there, as writing all of
 * them takes longer than most of what is done to them: one that was damaged, and is not mended by
 * what the test does, is for the test to put right.
 */
export async function restoreSnapshot(database: Database, { entries }: Snapshot): Promise<void> {
  await database.use("restoring a snapshot", async (connection) => {
    const transaction = connection.transaction(STORES, "readwrite");
    const [packs, activations, pieces] = STORES.map((name) => transaction.objectStore(name));
    packs?.clear();
    activations?.clear();
    for (const [, value] of entries.packs) packs?.put(value as never);
    for (const [key, value] of entries.activations) activations?.put(value as never, key as never);
    const held = new Set((await pieces?.getAllKeys())?.map(String));
    const wanted = new Set(entries.pieces.map(([key]) => String(key)));
    for (const [key, value] of entries.pieces)
      if (!held.has(String(key))) pieces?.put(value as never, key as never);
    for (const key of (await pieces?.getAllKeys()) ?? [])
      if (!wanted.has(String(key))) pieces?.delete(key as never);
    await transaction.done;
  });
}

/** A record of a snapshot. */
export function recordOf<Name extends (typeof STORES)[number]>(
  { entries }: Snapshot,
  store: Name,
  key: IDBValidKey,
): StoreValue<StoreSchema, Name> {
  const found = entries[store].find(([other]) => indexedDB.cmp(key, other) === 0);
  if (found === undefined) throw new Error(`the snapshot has no ${String(key)} in ${store}`);
  return found[1] as StoreValue<StoreSchema, Name>;
}

/** Puts anything at all in place of a record; `undefined` is none. */
export async function replaceRecord(
  database: Database,
  store: StoreName,
  [key, value]: Entry,
): Promise<void> {
  await database.use("damaging a record", async (connection) => {
    const transaction = connection.transaction(store, "readwrite");
    const target = transaction.store;
    await target.delete(key as never);
    if (value !== undefined)
      await target.put(value as never, target.keyPath === null ? (key as never) : undefined);
    await transaction.done;
  });
}
