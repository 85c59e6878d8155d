import type { PackStorage } from "../worker/keeper-api.ts";
import { afterInstall } from "./activation-rules.ts";
import { activate, activationKey, type VisiblePack } from "./activations.ts";
import type { Database } from "./database.ts";
import { missingPieces } from "./pieces.ts";
import { isRefusal, isUnavailable } from "./storage-error.ts";

/** Room for two small records. */
const RECORD_BYTES = 256 * 1024;

/**
 * Makes a pack visible where its bytes are: in IndexedDB, or where that did not take all of it, in
 * memory.
 *
 * @returns where it is now; `undefined`, with nothing changed, where one of its pieces is nowhere.
 */
export async function makeVisible(
  database: Database,
  visible: VisiblePack,
): Promise<PackStorage | undefined> {
  const { memory } = database;
  const { pack, needs, selector, role = "current" } = visible;
  const key = selector && activationKey(selector);
  const storing = await store(database, visible);
  if (storing.isStored) {
    memory.packs.delete(pack.digest);
    if (key !== undefined) memory.activations.delete(key);
    return { kind: "persistent" };
  }
  if ((await missingPieces(database, needs)).size > 0) return undefined;
  const { dtype, ...record } = pack;
  const now = Date.now();
  memory.packs.set(pack.digest, { ...record, dtypes: [dtype], installedAt: now, usedAt: now });
  const choice = { digest: pack.digest, dtype };
  const after =
    key === undefined ? undefined : afterInstall(memory.activations.get(key), choice, role);
  if (key !== undefined && after !== undefined) memory.activations.set(key, after);
  const reason = storing.reason ?? memory.reason ?? "part of it could not be stored";
  return { kind: "memory", reason };
}

type Storing = { readonly isStored: boolean; readonly reason?: string };

async function store(database: Database, visible: VisiblePack): Promise<Storing> {
  try {
    return { isStored: await activate(database, visible) };
  } catch (error) {
    if (!isRefusal(error)) throw error;
    const hasRoom = !isUnavailable(error) && (await database.memory.makeRoom(RECORD_BYTES));
    if (hasRoom) return { isStored: await activate(database, visible).catch(() => false) };
    return { isStored: false, reason: error.message };
  }
}
