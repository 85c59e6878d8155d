import { resolvePack } from "../channel/resolve.ts";
import { findActive, isRefusedHere, settle } from "../store/activations.ts";
import { chooseVariant } from "../store/choose-variant.ts";
import { findManifestText } from "../store/packs.ts";
import type { FoundUpdate, PackSelector } from "../worker/keeper-api.ts";
import { planDelivery } from "./plan-delivery.ts";
import type { DeliveryRooms } from "./rooms.ts";

/**
 * Asks the registry whether a selector means another pack by now than the one that a page has loaded.
 * Nothing but its manifest is fetched.
 *
 * @returns `undefined` where it does not, or where that pack has failed on this device.
 */
export async function findUpdate(
  { database, trust, network, found }: DeliveryRooms,
  selector: PackSelector,
  { loaded, signal }: { loaded: string; signal: AbortSignal },
): Promise<FoundUpdate | undefined> {
  const pack = await resolvePack(selector, {
    signal,
    stored: async (wanted) =>
      found.find(selector, wanted) ?? (await findManifestText(database, wanted)),
    trust,
    network,
  });
  const { digest, manifest } = pack;
  found.keep(selector, pack);
  const active = await findActive(database, selector);
  if (active?.next !== undefined && active.next.digest !== digest)
    await settle(database, { selector, choice: active.next, verdict: "dropped" });
  if (digest === loaded || isRefusedHere(active, digest)) return undefined;
  const variant = chooseVariant(manifest, selector);
  const { bytes } = await planDelivery(database, { manifest, variant });
  const { version, signature } = manifest;
  const isCurrent = active?.current.digest === digest && active.isProven;
  return { digest, version, dtype: variant.dtype, signature, bytes, isCurrent };
}
