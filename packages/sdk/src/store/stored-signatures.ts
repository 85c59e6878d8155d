import type { PackSelector } from "../worker/keeper-api.ts";
import { activationKey } from "./activations.ts";
import type { Database } from "./database.ts";

/** The signature of a pack in the store, where a page with keys has installed it. */
export async function findSignature(
  database: Database,
  digest: string,
): Promise<string | undefined> {
  const record = await database.use("looking for a stored signature", (connection) =>
    connection.get("packs", digest),
  );
  return record?.signature;
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
  return database.use("looking for what other pages stored", async (connection) => {
    const range = IDBKeyRange.bound(prefix, `${prefix}\uffff`);
    const records = await connection.getAll("activations", range);
    const digests = [
      ...records.map(({ current }) => current.digest),
      ...records.flatMap(({ lastGood }) => lastGood?.digest ?? []),
    ];
    return [...new Set(digests)];
  });
}
