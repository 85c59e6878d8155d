import { parseManifest } from "@selvedge/protocol";
import type { ResolvedPack } from "../channel/resolve.ts";
import { summaryOf } from "../engine/variant-summary.ts";
import { findActive } from "../store/activations.ts";
import { findManifestText } from "../store/packs.ts";
import type { Backend } from "../worker/engine-api.ts";
import type { PackContents, PackSelector } from "../worker/keeper-api.ts";
import { resolveUsable } from "./resolve-usable.ts";
import type { DeliveryRooms } from "./rooms.ts";

type Pack = Pick<ResolvedPack, "digest" | "manifest">;

/**
 * Tells of a pack where it may run: of the one that answers on one of some backends, or else of the one
 * that the registry names. Nothing but documents is fetched.
 */
export async function packContents(
  rooms: DeliveryRooms,
  wanted: PackSelector,
  { backends, signal }: { backends: readonly Backend[]; signal: AbortSignal },
): Promise<PackContents> {
  const { digest, manifest } =
    (await findStored(rooms, wanted, backends)) ?? (await askRegistry(rooms, wanted, signal));
  const { name, version, variants } = manifest;
  return { digest, name, version, variants: variants.map(summaryOf) };
}

async function findStored(
  { database }: DeliveryRooms,
  wanted: PackSelector,
  backends: readonly Backend[],
): Promise<Pack | undefined> {
  for (const backend of backends) {
    const active = await findActive(database, { ...wanted, backend });
    const digest = active?.current.digest ?? "";
    const text = active && (await findManifestText(database, digest));
    if (text !== undefined) return { digest, manifest: parseManifest(text) };
  }
  return undefined;
}

async function askRegistry(
  rooms: DeliveryRooms,
  wanted: PackSelector,
  signal: AbortSignal,
): Promise<Pack> {
  const pack = await resolveUsable(rooms, wanted, signal);
  // It is installed next, and need not be asked for twice.
  rooms.found.keep(wanted, pack);
  return pack;
}
