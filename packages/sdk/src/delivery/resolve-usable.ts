import { type ResolvedPack, resolvePack } from "../channel/resolve.ts";
import { findActive, isRefusedHere } from "../store/activations.ts";
import { findManifestText, findVersion } from "../store/packs.ts";
import type { PackSelector } from "../worker/keeper-api.ts";
import type { DeliveryRooms } from "./rooms.ts";

/**
 * Which pack a selector means on this device: the one the registry names, or, where that has failed
 * here and another answers already, that one.
 */
export async function resolveUsable(
  { database, trust, network, found }: DeliveryRooms,
  selector: PackSelector,
  signal: AbortSignal,
): Promise<ResolvedPack> {
  const resolve = (wanted: PackSelector) =>
    resolvePack(wanted, {
      signal,
      stored: async (digest) =>
        found.find(selector, digest) ?? (await findManifestText(database, digest)),
      trust,
      network,
    });
  const named = await resolve(selector);
  const active = await findActive(database, selector);
  if (active === undefined || !isRefusedHere(active, named.digest)) return named;
  const version = await findVersion(database, active.current.digest);
  if (version === undefined || isRefusedHere(active, active.current.digest)) return named;
  return resolve({ ...selector, version });
}
