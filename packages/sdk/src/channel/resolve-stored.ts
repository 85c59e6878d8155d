import { mostServed, parseManifest } from "@selvedge/protocol";
import { findActive } from "../store/activations.ts";
import { findElsewhere, findSignature } from "../store/stored-signatures.ts";
import type { PackSelector } from "../worker/keeper-api.ts";
import { verifyPack } from "./pack-signature.ts";
import type { ResolvedPack } from "./resolve.ts";
import type { Trust } from "./trust.ts";

/**
 * Finds a pack in the store that pages with other keys have installed and that these keys have signed
 * too, for a page that has none of its own and cannot reach the registry. For a channel, its document
 * has to be stored as well, signed with these keys; that it may have expired since is no reason to
 * stop what works.
 *
 * @returns `undefined` where there is none, or the page has one of its own.
 */
export async function resolveStored(
  selector: PackSelector,
  { trust, stored }: { trust: Trust; stored: (digest: string) => Promise<string | undefined> },
): Promise<ResolvedPack | undefined> {
  const { name, channel, version } = selector;
  const { database } = trust;
  if ((await findActive(database, selector)) !== undefined) return undefined;
  const roles = await trust.heldRoles(selector);
  const digests = await findElsewhere(database, selector);
  if (version === undefined) {
    const channels = await trust.heldChannels(selector, roles);
    if (channels === undefined) return undefined;
    const served = mostServed(channels.channels[channel] ?? []);
    if (served !== undefined) digests.unshift(served.manifest);
  }
  for (const digest of digests) {
    const [text, signature] = await Promise.all([stored(digest), findSignature(database, digest)]);
    if (text === undefined || signature === undefined) continue;
    const manifest = parseManifest(text);
    const pack = { digest, text, manifest };
    const held = await verifyPack(signature, pack, roles.pack).catch(() => undefined);
    if (held !== undefined && manifest.name === name) return { ...pack, signature: held };
  }
  return undefined;
}
