import { type Manifest, parseManifest } from "@selvedge/protocol";
import { summaryOf } from "../engine/variant-summary.ts";
import { findActive } from "../store/activations.ts";
import { findManifestText } from "../store/packs.ts";
import type { Backend } from "../worker/engine-api.ts";
import type { PackSelector, Survey } from "../worker/keeper-api.ts";
import { resolveUsable } from "./resolve-usable.ts";
import type { DeliveryRooms } from "./rooms.ts";

/**
 * Tells of a pack where it may run: of the one that answers on one of some backends, or else of the one
 * that the registry names. Nothing but documents is fetched.
 */
export async function survey(
  rooms: DeliveryRooms,
  wanted: PackSelector,
  { backends, signal }: { backends: readonly Backend[]; signal: AbortSignal },
): Promise<Survey> {
  const { name, version, variants } =
    (await findStored(rooms, wanted, backends)) ?? (await askRegistry(rooms, wanted, signal));
  return { name, version, variants: variants.map(summaryOf) };
}

async function findStored(
  { database }: DeliveryRooms,
  wanted: PackSelector,
  backends: readonly Backend[],
): Promise<Manifest | undefined> {
  for (const backend of backends) {
    const active = await findActive(database, { ...wanted, backend });
    const text = active && (await findManifestText(database, active.current.digest));
    if (text !== undefined) return parseManifest(text);
  }
  return undefined;
}

async function askRegistry(
  rooms: DeliveryRooms,
  wanted: PackSelector,
  signal: AbortSignal,
): Promise<Manifest> {
  const pack = await resolveUsable(rooms, wanted, signal);
  // It is installed next, and need not be asked for twice.
  rooms.found.keep(wanted, pack);
  return pack.manifest;
}
