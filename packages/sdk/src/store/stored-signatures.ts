import type { PackSelector } from "../worker/keeper-api.ts";
import { activationKey } from "./activations.ts";
import type { Database } from "./database.ts";
import { soundActivation, soundPack } from "./sound-record.ts";

/** The signature of a pack in the store, where a page with keys has installed it. */
export async function findSignature(
  database: Database,
  digest: string,
): Promise<string | undefined> {
  const inMemory = database.memory.packs.get(digest);
  if (inMemory !== undefined) return inMemory.signature;
  const record = await database.read(
    { doing: "looking for a stored signature", stores: ["packs"], nothing: undefined },
    ({ store }) => store.get(digest),
  );
  return record && soundPack(record).signature;
}

/**
 * The packs that answer for a selector on pages with other keys: those that serve now first, then
 * those that are kept to go back to.
 */
export async function findElsewhere(
  database: Database,
  { trust: _, ...selector }: PackSelector,
): Promise<string[]> {
  const prefix = `${activationKey(selector).slice(0, -1)},{"trust":`;
  const doing = "looking for what other pages stored";
  return database.read({ doing, stores: ["activations"], nothing: [] }, async ({ store }) => {
    const range = IDBKeyRange.bound(prefix, `${prefix}\uffff`);
    const records = (await store.getAll(range)).flatMap((each) => soundActivation(each) ?? []);
    const digests = [
      ...records.map(({ current }) => current.digest),
      ...records.flatMap(({ lastGood }) => lastGood?.digest ?? []),
    ];
    return [...new Set(digests)];
  });
}
