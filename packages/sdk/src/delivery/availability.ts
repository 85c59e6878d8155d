import { parseManifest, SelvedgeError } from "@selvedge/protocol";
import { resolvePack } from "../channel/resolve.ts";
import { findActive } from "../store/activations.ts";
import { chooseVariant, findVariant } from "../store/choose-variant.ts";
import { findManifestText, neededBlobs } from "../store/packs.ts";
import { missingPieces } from "../store/pieces.ts";
import type { Availability, PackSelector } from "../worker/keeper-api.ts";
import { planDelivery } from "./plan-delivery.ts";
import type { DeliveryRooms } from "./rooms.ts";

/** Whether a model is stored, can be fetched, or neither, and how many bytes it would take. */
export async function availability(
  rooms: DeliveryRooms,
  selector: PackSelector,
  { signal, isDownloading }: { signal: AbortSignal; isDownloading: boolean },
): Promise<Availability> {
  const { database } = rooms;
  try {
    const active = await findActive(database, selector);
    const stored = active && (await findManifestText(database, active.current.digest));
    if (active !== undefined && stored !== undefined) {
      const manifest = parseManifest(stored);
      const variant = findVariant(manifest, { ...selector, dtype: active.current.dtype });
      const needs = variant && neededBlobs(manifest, variant);
      const missing = needs && (await missingPieces(database, needs));
      if (missing?.size === 0) return { state: "available", bytes: 0, reasons: [] };
    }
    const { manifest } = await resolvePack(selector, {
      signal,
      network: rooms.network,
      stored: (digest) => findManifestText(database, digest),
      trust: rooms.trust,
    });
    const variant = chooseVariant(manifest, selector);
    const { bytes } = await planDelivery(database, { manifest, variant });
    if (isDownloading)
      return { state: "downloading", bytes, reasons: ["It is being fetched now."] };
    return { state: "downloadable", bytes, reasons: [`${bytes} bytes have to be fetched.`] };
  } catch (error) {
    if (!(error instanceof SelvedgeError)) throw error;
    return { state: "unavailable", bytes: 0, reasons: [error.message] };
  }
}
