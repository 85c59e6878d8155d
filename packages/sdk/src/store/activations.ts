import type { BlobRef, Dtype } from "@selvedge/protocol";
import type { PackSelector } from "../worker/keeper-api.ts";
import type { ActivationRecord, Database, PackChoice, PackRecord } from "./database.ts";
import { pieceKeys } from "./pieces.ts";
import { soundActivation, soundPack } from "./sound-record.ts";

/** What answers for a selector, if anything does. */
export async function findActive(
  database: Database,
  selector: PackSelector,
): Promise<ActivationRecord | undefined> {
  const key = activationKey(selector);
  const inMemory = database.memory.activations.get(key);
  if (inMemory !== undefined) return inMemory;
  const record: unknown = await database.read(
    { doing: "looking for a stored model", stores: ["activations"], nothing: undefined },
    ({ store }) => store.get(key),
  );
  return soundActivation(record);
}

/** A pack that is to be visible, and what it needs for that. */
export interface VisiblePack {
  readonly pack: Omit<PackRecord, "dtypes" | "installedAt" | "usedAt"> & { readonly dtype: Dtype };
  readonly needs: readonly BlobRef[];
  /** What it is to be the answer for; absent: it is there, and the answer for nothing. */
  readonly selector?: PackSelector | undefined;
}

/**
 * Makes a pack visible, and the answer for a selector, in one transaction. What was proven before it
 * is kept to go back to.
 *
 * @returns `false`, with nothing written, where one of the pieces it needs is not in the store.
 */
export async function activate(
  database: Database,
  { pack, needs, selector }: VisiblePack,
): Promise<boolean> {
  const { dtype, ...record } = pack;
  const doing = `installing ${pack.name}@${pack.version}`;
  const stores = ["packs", "activations", "pieces"] as const;
  return database.transact({ doing, stores, mode: "readwrite" }, async (transaction) => {
    const pieces = transaction.objectStore("pieces");
    const held = await Promise.all(needs.flatMap(pieceKeys).map(async (key) => pieces.getKey(key)));
    if (held.includes(undefined)) return false;
    const packs = transaction.objectStore("packs");
    const activations = transaction.objectStore("activations");
    const key = selector && activationKey(selector);
    const before = await packs.get(pack.digest);
    const known = before && soundPack(before);
    const now = Date.now();
    await packs.put({
      ...record,
      dtypes: [...new Set([...(known?.dtypes ?? []), dtype])],
      installedAt: known?.installedAt ?? now,
      usedAt: now,
    });
    if (key === undefined) return true;
    const active = soundActivation(await activations.get(key));
    await activations.put(succeed(active, { digest: pack.digest, dtype }), key);
    return true;
  });
}

/** The key under which a selector's activation is kept. */
export function activationKey(selector: PackSelector): string {
  const { registry, name, channel, version, dtype, backend } = selector;
  // "auto" may mean another dtype on another backend.
  const place = backend === "wasm" ? [] : [backend];
  return JSON.stringify([registry, name, version ?? `#${channel}`, dtype, ...place]);
}

/** What answers for a selector once a pack does that came after what was there. */
export function succeed(
  before: ActivationRecord | undefined,
  current: PackChoice,
): ActivationRecord {
  if (before === undefined) return { current, isProven: false, refused: [] };
  if (isSame(before.current, current)) return before;
  const lastGood = before.isProven ? before.current : before.lastGood;
  return {
    current,
    isProven: false,
    ...(lastGood === undefined ? {} : { lastGood }),
    refused: before.refused,
  };
}

function isSame(one: PackChoice, other: PackChoice): boolean {
  return one.digest === other.digest && one.dtype === other.dtype;
}
