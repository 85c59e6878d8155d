import { type Manifest, SelvedgeError, type Variant } from "@selvedge/protocol";
import { resolvePack } from "../channel/resolve.ts";
import { findActive } from "../store/activations.ts";
import { chooseVariant } from "../store/choose-variant.ts";
import { findManifestText } from "../store/packs.ts";
import type { Availability, PackSelector } from "../worker/keeper-api.ts";
import { findComplete } from "./find-complete.ts";
import { planDelivery } from "./plan-delivery.ts";
import type { DeliveryRooms } from "./rooms.ts";

/**
 * Whether a model is stored, can be fetched, or neither; how many bytes it would fetch, and whether the
 * device has the room and the memory for it. Nothing is fetched but documents, and nothing evicted.
 */
export async function availability(
  rooms: DeliveryRooms,
  selector: PackSelector,
  { signal, isDownloading }: { signal: AbortSignal; isDownloading: boolean },
): Promise<Availability> {
  const { database } = rooms;
  try {
    const active = await findActive(database, selector);
    const stored = active && (await findComplete(database, active.current, selector));
    if (stored !== undefined) return { state: "available", bytes: 0, reasons: [] };
    const { manifest } = await resolvePack(selector, {
      signal,
      network: rooms.network,
      stored: (digest) => findManifestText(database, digest),
      trust: rooms.trust,
    });
    return await cost(
      rooms,
      { manifest, variant: chooseVariant(manifest, selector) },
      isDownloading,
    );
  } catch (error) {
    if (!(error instanceof SelvedgeError)) throw error;
    return { state: "unavailable", bytes: 0, reasons: [error.message] };
  }
}

async function cost(
  { database, space }: DeliveryRooms,
  { manifest, variant }: { manifest: Manifest; variant: Variant },
  isDownloading: boolean,
): Promise<Availability> {
  const plan = await planDelivery(database, { manifest, variant });
  const isOpen = await database.canOpen();
  const { free, fits } = await space.survey(plan.space);
  const memory = memoryFor(variant);
  const reasons = [
    isDownloading ? "It is being fetched now." : `${plan.bytes} bytes have to be fetched.`,
  ];
  const once = "it would run from memory, and be fetched again on the next visit.";
  if (!isOpen) reasons.push(`The browser refuses IndexedDB here: ${once}`);
  else if (!fits)
    reasons.push(`Storing it takes ${plan.space} bytes, of which there are ${free ?? 0}: ${once}`);
  if (memory?.fits === false)
    reasons.push(
      `Running it takes about ${memory.needed} bytes of memory, of which this device has ${memory.device}: it may fail.`,
    );
  return {
    state: isDownloading ? "downloading" : "downloadable",
    bytes: plan.bytes,
    reasons,
    space: {
      needed: plan.space,
      ...(free === undefined ? {} : { free }),
      fits: fits && isOpen,
    },
    ...(memory === undefined ? {} : { memory }),
  };
}

/** The most that browsers say of a device's memory: one with more says the same. GiB. */
const MOST_TOLD = 8;

function memoryFor({ memoryBytes: needed }: Variant): Availability["memory"] {
  if (needed === 0) return undefined;
  // Chromium alone says it, rounded, in GiB.
  const { deviceMemory } = navigator as { readonly deviceMemory?: number };
  if (deviceMemory === undefined) return { needed, fits: true };
  const device = deviceMemory * 2 ** 30;
  return { needed, device, fits: needed <= device || deviceMemory >= MOST_TOLD };
}
