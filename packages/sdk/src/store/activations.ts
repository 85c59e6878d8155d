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
  const stored = await database.use("looking for a stored model", (connection) =>
    connection.get("activations", activationKey(selector)),
  );
  return soundActivation(stored);
}

/**
 * Makes a pack visible, and the answer for a selector, in one transaction. What was proven before it
 * is kept to go back to.
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
  return database.use(`installing ${pack.name}@${pack.version}`, async (connection) => {
    const transaction = connection.transaction(["packs", "activations", "pieces"], "readwrite");
    const pieces = transaction.objectStore("pieces");
    const held = await Promise.all(needs.flatMap(pieceKeys).map((key) => pieces.getKey(key)));
    if (held.includes(undefined)) return false;
    const packs = transaction.objectStore("packs");
    const activations = transaction.objectStore("activations");
    const key = activationKey(selector);
    const [before, active] = await Promise.all([packs.get(pack.digest), activations.get(key)]);
    const known = before && soundPack(before);
    const now = Date.now();
    await Promise.all([
      packs.put({
        // A page without keys brings no signature, and takes none away.
        ...(known?.signature === undefined ? {} : { signature: known.signature }),
        ...record,
        signedBy: { ...known?.signedBy, ...record.signedBy },
        dtypes: [...new Set([...(known?.dtypes ?? []), dtype])],
        installedAt: known?.installedAt ?? now,
        usedAt: now,
      }),
      activations.put(succeed(soundActivation(active), { digest: pack.digest, dtype }), key),
      transaction.done,
    ]);
    return true;
  });
}

/** The key under which a selector's activation is kept. */
export function activationKey(selector: PackSelector): string {
  const { registry, name, channel, version, dtype, backend, trust } = selector;
  // "auto" may mean another dtype on another backend.
  const place = backend === "wasm" ? [] : [backend];
  // What serves a page without keys is nothing that one with keys has verified.
  const anchors = trust === undefined ? [] : [{ trust }];
  return JSON.stringify([registry, name, version ?? `#${channel}`, dtype, ...place, ...anchors]);
}

function succeed(before: ActivationRecord | undefined, current: PackChoice): ActivationRecord {
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
