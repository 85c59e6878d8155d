import { type BlobRef, type Dtype, type Manifest, parseManifest } from "@selvedge/protocol";
import type { IDBPTransaction } from "idb";
import { RUNTIME_VERSION, TFJS_VERSION } from "../engine/runtime-files.ts";
import type { PackSelector, Standing } from "../worker/keeper-api.ts";
import {
  afterInstall,
  afterVerdict,
  type InstallRole,
  isRefused,
  type Verdict,
} from "./activation-rules.ts";
import { findVariant } from "./choose-variant.ts";
import type {
  ActivationRecord,
  Database,
  PackChoice,
  PackRecord,
  StoreSchema,
} from "./database.ts";
import { neededBlobs } from "./packs.ts";
import { pieceKeys } from "./pieces.ts";
import { soundActivation, soundPack } from "./sound-record.ts";

/** What packs are proven on: one that failed may be right on the next version of a runtime. */
const RUNTIMES: string = `onnxruntime-web ${RUNTIME_VERSION}, tfjs ${TFJS_VERSION}`;

const STORES = ["packs", "activations", "pieces"] as const;
type Transaction = IDBPTransaction<StoreSchema, [...typeof STORES], "readwrite">;

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
  /** @default "current" */
  readonly role?: InstallRole | undefined;
}

/**
 * Makes a pack visible, and what its role says for a selector, in one transaction. What was proven
 * before it is kept to go back to.
 *
 * @returns `false`, with nothing written, where one of the pieces it needs is not in the store.
 */
export async function activate(
  database: Database,
  { pack, needs, selector, role = "current" }: VisiblePack,
): Promise<boolean> {
  const { dtype, ...record } = pack;
  const doing = `installing ${pack.name}@${pack.version}`;
  return database.transact({ doing, stores: STORES, mode: "readwrite" }, async (transaction) => {
    if (!(await holds(transaction, needs))) return false;
    const packs = transaction.objectStore("packs");
    const activations = transaction.objectStore("activations");
    const stored = await packs.get(pack.digest);
    const before = stored && soundPack(stored);
    const now = Date.now();
    await packs.put({
      // A page without keys brings no signature, and takes none away.
      ...(before?.signature === undefined ? {} : { signature: before.signature }),
      ...record,
      signedBy: { ...before?.signedBy, ...record.signedBy },
      dtypes: [...new Set([...(before?.dtypes ?? []), dtype])],
      installedAt: before?.installedAt ?? now,
      usedAt: now,
    });
    if (selector === undefined) return true;
    const key = activationKey(selector);
    const active = soundActivation(await activations.get(key));
    const after = afterInstall(active, { digest: pack.digest, dtype }, role);
    if (after !== undefined) await activations.put(after, key);
    return true;
  });
}

/**
 * Writes down what became of a pack, and who answers from then on, in one transaction: a tab that is
 * killed leaves what was or what is to be, and of two tabs the second sees what the first has written.
 * A pack that failed before it ever answered is no longer visible; its pieces are left to whoever
 * makes room.
 *
 * @returns what answers now; `undefined` where nothing does any more.
 */
export async function settle(
  database: Database,
  {
    selector,
    choice: { digest, dtype },
    verdict,
  }: { selector: PackSelector; choice: PackChoice; verdict: Verdict },
): Promise<ActivationRecord | undefined> {
  const { memory } = database;
  const key = activationKey(selector);
  const judged = { choice: { digest, dtype }, verdict, runtime: RUNTIMES };
  const held = memory.activations.get(key);
  if (held !== undefined) {
    const after = afterVerdict(held, { ...judged, canGoBack: false });
    memory.activations.set(key, after);
    return after;
  }
  const doing = "noting what became of a model";
  return database.transact({ doing, stores: STORES, mode: "readwrite" }, async (transaction) => {
    const activations = transaction.objectStore("activations");
    const before = soundActivation(await activations.get(key));
    if (before === undefined) return undefined;
    const isWhole = async (one?: PackChoice) =>
      one !== undefined && (await isComplete(transaction, { choice: one, selector }));
    // Another tab may have fetched what was lost.
    const isMended = verdict === "lost" && (await isWhole(before.current));
    const canGoBack = !isMended && (await isWhole(before.lastGood));
    const after = afterVerdict(before, { ...judged, canGoBack });
    await activations.put(after, key);
    if (before.next !== undefined && after.next === undefined) await hide(transaction, before.next);
    return after;
  });
}

/** Whether a pack has failed on this device, and nothing has changed since. */
export function isRefusedHere(record: ActivationRecord | undefined, digest: string): boolean {
  return isRefused(record, digest, RUNTIMES);
}

/** What a page is told of a record. */
export function standingOf(record: ActivationRecord | undefined): Standing | undefined {
  if (record === undefined) return undefined;
  const { current, isProven, lastGood } = record;
  const isRefused = isRefusedHere(record, current.digest);
  return { current, isProven, isRefused, ...(lastGood === undefined ? {} : { lastGood }) };
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

/** Forgets a pack that nothing answers with. */
async function hide(transaction: Transaction, { digest }: PackChoice): Promise<void> {
  const records = await transaction.objectStore("activations").getAll();
  const isUsed = (active: ActivationRecord | undefined) =>
    [active?.current, active?.lastGood, active?.next].some((choice) => choice?.digest === digest);
  if (!records.map(soundActivation).some(isUsed))
    await transaction.objectStore("packs").delete(digest);
}

async function isComplete(
  transaction: Transaction,
  { choice: { digest, dtype }, selector }: { choice: PackChoice; selector: PackSelector },
): Promise<boolean> {
  const record = await transaction.objectStore("packs").get(digest);
  if (record === undefined) return false;
  let manifest: Manifest;
  try {
    manifest = parseManifest(soundPack(record).manifest);
  } catch {
    return false;
  }
  const variant = findVariant(manifest, { ...selector, dtype });
  return variant !== undefined && (await holds(transaction, neededBlobs(manifest, variant)));
}

async function holds(transaction: Transaction, blobs: readonly BlobRef[]): Promise<boolean> {
  const pieces = transaction.objectStore("pieces");
  const keys = await Promise.all(blobs.flatMap(pieceKeys).map(async (key) => pieces.getKey(key)));
  return !keys.includes(undefined);
}
