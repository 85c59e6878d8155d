import { SelvedgeError, type Variant } from "@selvedge/protocol";
import type { ResolvedPack } from "../channel/resolve.ts";
import type { InstallRole } from "../store/activation-rules.ts";
import type { PackRecord } from "../store/database.ts";
import { DownloadMark } from "../store/downloads.ts";
import { makeVisible } from "../store/make-visible.ts";
import { neededBlobs } from "../store/packs.ts";
import type { PackSelector, PackStorage, Progress } from "../worker/keeper-api.ts";
import { deliver } from "./deliver.ts";
import { checkMetered, type Purpose } from "./metered.ts";
import { planDelivery } from "./plan-delivery.ts";
import type { DeliveryRooms } from "./rooms.ts";
import { noRoomFor } from "./space.ts";

/**
 * A piece may vanish while others are fetched (another tab clears the cache); then it is fetched
 * again. So is a tensor whose delta came to nothing.
 */
const ROUNDS = 4;

/** Tells how far it is; the first time with what is held before anything is fetched. */
export type Report = (phase: Progress["phase"], loaded: number, total: number) => void;

/** A pack to complete, in one of its variants. */
export interface Completion {
  readonly pack: ResolvedPack;
  readonly variant: Variant;
  /** Where it comes from. */
  readonly from: Pick<PackSelector, "registry" | "name" | "trust">;
  /** What it is to be the answer for, if for anything. */
  readonly selector?: PackSelector;
  readonly role?: InstallRole;
  /** Digests of packs that must not be evicted for it. */
  readonly keep?: readonly string[];
  /** Whether something else serves meanwhile: then it is not worth a download that cannot be kept. */
  readonly hasToBeStored?: boolean;
}

/**
 * Makes a pack complete: makes room for it, fetches the pieces the store lacks or the deltas that lead
 * to them, verifies each, stores it, and makes the pack visible at the end, in one transaction. Where
 * there is no room, or the store is refused, it is kept in memory.
 *
 * @throws SelvedgeError `storage-full` where it has to be stored and there is no room, `metered` where
 * the link is one, and the page does not want it used for this.
 */
export async function completePack(
  rooms: DeliveryRooms,
  { pack, variant, from, selector, role, keep = [], hasToBeStored = false }: Completion,
  {
    signal,
    report,
    purpose = "load",
  }: { signal: AbortSignal; report: Report; purpose?: Purpose | undefined },
): Promise<{ fetchedBytes: number; storage: PackStorage }> {
  const { database, network, space } = rooms;
  const { digest, text, manifest } = pack;
  const { name, version } = manifest;
  const { dtype } = variant;
  const needs = neededBlobs(manifest, variant);
  const refused = new Set<string>();
  let fetchedBytes = 0;
  let plan = await planDelivery(database, { manifest, variant });
  const wanted = needs.map(({ sha256 }) => sha256);
  const claim = { packs: [digest, ...keep], blobs: [...wanted, ...plan.bases] };
  const mark = new DownloadMark(database, `${digest} ${dtype}`, claim);
  const release = space.claim(claim);
  try {
    report("resolve", plan.heldBytes, plan.heldBytes + plan.bytes);
    // Before room is made: what is not going to be fetched must not cost what is stored.
    checkMetered(network, { name, bytes: plan.bytes, purpose });
    const room = await space.make(plan.space);
    const shortage = noRoomFor(`${name}@${version}`, plan.space, room);
    if (hasToBeStored && !room.fits) throw shortage;
    if (room.fits) database.memory.spare(wanted);
    else database.memory.take(wanted, shortage.message);
    for (let round = 0; round < ROUNDS; round++) {
      const total = plan.heldBytes + plan.bytes;
      let loaded = plan.heldBytes;
      if (plan.bytes > 0) {
        await mark.beat();
        report("fetch", loaded, total);
      }
      const onFetched = (bytes: number) => {
        fetchedBytes += bytes;
        loaded += bytes;
        void mark.beat();
        report("fetch", loaded, total);
      };
      await deliver(rooms, plan, { ...from, signal, onFetched, refused });
      // The browser had promised more than there was.
      if (hasToBeStored && database.memory.isFull) throw shortage;
      const storage = await makeVisible(database, {
        pack: {
          digest,
          registry: from.registry,
          name,
          version,
          manifest: text,
          dtype,
          ...signatureOf(pack, from),
        },
        needs,
        selector,
        role,
      });
      if (storage !== undefined) {
        await mark.end();
        return { fetchedBytes, storage };
      }
      plan = await planDelivery(database, { manifest, variant, refused });
    }
  } finally {
    release();
  }
  throw new SelvedgeError(
    "storage-damaged",
    `${name}: stored pieces kept disappearing while it was installed. Another tab may be clearing the cache; try again.`,
  );
}

/** What a stored pack keeps of its signature, for pages with other keys and for `model.info`. */
function signatureOf(
  { signature }: ResolvedPack,
  { trust }: Pick<PackSelector, "trust">,
): Pick<PackRecord, "signature" | "signedBy"> {
  if (signature === undefined || trust === undefined) return {};
  return { signature: signature.text, signedBy: { [trust]: signature.signedBy } };
}
