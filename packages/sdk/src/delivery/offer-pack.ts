import type { BlobRef } from "@selvedge/protocol";
import { findActive } from "../store/activations.ts";
import { DownloadMark } from "../store/downloads.ts";
import { missingPieces, pieceId, pieceKeys } from "../store/pieces.ts";
import type { PackOffer, PackSelector, Progress } from "../worker/keeper-api.ts";
import { deliver } from "./deliver.ts";
import { checkMetered } from "./metered.ts";
import { planBytes, planFetch } from "./plan.ts";
import { resolveUsable } from "./resolve-usable.ts";
import type { DeliveryRooms } from "./rooms.ts";
import { noRoomFor } from "./space.ts";

/** What IndexedDB may take besides, as when a pack is installed. */
const MARGIN_BYTES = 1024 * 1024;

/**
 * Resolves a pack of which nothing answers here yet, for a page whose keys have signed it.
 *
 * @returns `undefined` where the page has no keys, something answers, or the store is refused
 * @throws SelvedgeError whatever `resolvePack` throws
 */
export async function offerPack(
  rooms: DeliveryRooms,
  selector: PackSelector,
  signal: AbortSignal,
): Promise<PackOffer | undefined> {
  const { database, found } = rooms;
  const { trust, dtype, backend, features } = selector;
  if (trust === undefined || !(await database.canOpen())) return undefined;
  if ((await findActive(database, selector)) !== undefined) return undefined;
  const startedAt = performance.now();
  const pack = await resolveUsable(rooms, selector, signal);
  const resolveMs = performance.now() - startedAt;
  found.offer(selector, pack);
  const { digest, text: manifest, signature } = pack;
  if (signature === undefined) return undefined;
  const { version } = pack.manifest;
  const signedBy = { [trust]: signature.signedBy };
  return { digest, version, manifest, signedBy, resolveMs, dtype, backend, features };
}

/**
 * Stores blobs of a pack that was offered, each piece verified, and makes nothing visible by it. They
 * belong to no pack until it is installed: what makes room takes them first, but not for two minutes.
 *
 * @returns how many bytes were fetched
 * @throws SelvedgeError `storage-full` where they cannot be stored, and whatever fetching throws
 */
export async function fetchOffered(
  rooms: DeliveryRooms,
  selector: PackSelector,
  {
    blobs,
    signal,
    onProgress,
  }: {
    readonly blobs: readonly BlobRef[];
    readonly signal: AbortSignal;
    readonly onProgress: (progress: Progress) => void;
  },
): Promise<number> {
  const { database, network, space } = rooms;
  const { name } = selector;
  const pack = rooms.found.offered(selector);
  if (pack === undefined) throw new Error("the pack was not offered");
  const missing = await missingPieces(database, blobs);
  const ranges = planFetch(pack.manifest.segments, blobs, missing);
  const total = planBytes(ranges);
  checkMetered(network, { name, bytes: total, purpose: "load" });
  const claim = { packs: [], blobs: blobs.map(({ sha256 }) => sha256) };
  const mark = new DownloadMark(database, `${pack.digest} image`, claim);
  const release = space.claim(claim);
  try {
    const needed = total === 0 ? 0 : total + MARGIN_BYTES;
    const [room] = await Promise.all([space.make(needed), mark.beat()]);
    const shortage = noRoomFor(`an image of ${name}`, needed, room);
    if (!room.fits) throw shortage;
    let loaded = 0;
    const report = () => onProgress({ phase: "fetch", file: name, loaded, total });
    report();
    const onFetched = (bytes: number) => {
      loaded += bytes;
      report();
    };
    const plan = { ranges, deltas: [], deltaRanges: [] };
    await deliver(rooms, plan, { ...selector, signal, onFetched, refused: new Set() });
    // An engine reads what is in IndexedDB.
    const { memory } = database;
    if (blobs.flatMap(pieceKeys).some((key) => memory.get(pieceId(key)))) throw shortage;
    return loaded;
  } finally {
    release();
  }
}
