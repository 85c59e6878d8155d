import {
  channelsPath,
  type Manifest,
  manifestPath,
  mostServed,
  parseChannels,
  parseManifest,
  SelvedgeError,
  sha256,
} from "@selvedge/protocol";
import type { Network } from "../delivery/network.ts";
import { requestText } from "../delivery/request.ts";
import { findSignature } from "../store/stored-signatures.ts";
import type { PackSelector } from "../worker/keeper-api.ts";
import { type PackSignature, requestSignature, verifyPack } from "./pack-signature.ts";
import { requestDocument } from "./request-document.ts";
import { resolveStored } from "./resolve-stored.ts";
import { type Roles, requireName, type Trust } from "./trust.ts";

/** A pack as the registry has it now. */
export interface ResolvedPack {
  readonly digest: string;
  /** The manifest's text, as its digest was taken over it. */
  readonly text: string;
  readonly manifest: Manifest;
  /** Absent where no keys are trusted, and none was looked at. */
  readonly signature?: PackSignature;
}

/** What resolving a pack goes by. */
export interface ResolveOptions {
  readonly signal: AbortSignal;
  readonly network: Network;
  /** The text of a manifest in the store. */
  readonly stored: (digest: string) => Promise<string | undefined>;
  /** Whose signatures are believed. Absent: none is looked at. */
  readonly trust?: Trust | undefined;
}

/** A version that is meant, and its digest where something names that. */
type Entry = { readonly version: string; readonly manifest?: string };

/**
 * Asks the registry which pack a selector means, and for its manifest where the store has not got it.
 * With keys, channel document and pack have to be signed. Where the registry cannot be reached, what
 * other pages have stored may serve one with keys, if its signatures hold under these.
 *
 * @throws SelvedgeError `channel-missing` where the channel serves nothing, `integrity` where the
 * manifest is not the one the channel names, or is another model's; what `Trust` and `verifyPack`
 * throw where they refuse; and whatever reading them throws.
 */
export async function resolvePack(
  selector: PackSelector,
  options: ResolveOptions,
): Promise<ResolvedPack> {
  try {
    return await askRegistry(selector, options);
  } catch (error) {
    const isOffline = error instanceof SelvedgeError && error.code === "network";
    const { trust, stored } = options;
    const pack = isOffline && trust ? await resolveStored(selector, { trust, stored }) : undefined;
    if (pack === undefined) throw error;
    return pack;
  }
}

async function askRegistry(
  selector: PackSelector,
  { signal, network, stored, trust }: ResolveOptions,
): Promise<ResolvedPack> {
  const { registry, name, channel, version } = selector;
  // In the same round as the first document.
  const roles = trust && settled(trust.roles(selector));
  const entry: Entry =
    version === undefined
      ? await entryOf(selector, { signal, network, trust, roles })
      : { version };
  const title = `manifest of ${name}@${entry.version}`;
  const ask = async (cache: RequestCache) =>
    readText(
      await requestText(registry + manifestPath(name, entry.version), {
        document: title,
        network,
        signal,
        cache,
      }),
    );
  const isNamed = ({ digest }: { digest: string }) =>
    entry.manifest === undefined || entry.manifest === digest;
  const known = entry.manifest === undefined ? undefined : await stored(entry.manifest);
  const askForSignature = () =>
    requestSignature({ registry, name, version: entry.version }, { network, signal });
  // What is not in the store is not signed there.
  const early = trust && known === undefined ? settled(askForSignature()) : undefined;
  // A version's manifest never changes, so the HTTP cache may answer; where that kept something else,
  // the host is asked past it.
  let read = known === undefined ? await ask("default") : await readText({ text: known });
  if (!isNamed(read)) read = await ask("reload");
  const { text, digest } = read;
  if (!isNamed(read))
    throw new SelvedgeError(
      "integrity",
      `${title}: its SHA-256 is ${digest}, but channel ${channel} names ${entry.manifest}. The registry's files do not belong together; publish the version again.`,
    );
  const manifest = parseManifest(text, title);
  if (manifest.name !== name || manifest.version !== entry.version)
    throw new SelvedgeError(
      "integrity",
      `${title}: it is the manifest of ${manifest.name}@${manifest.version}. The registry's files were mixed up; publish the version again.`,
    );
  const pack = { digest, text, manifest };
  if (trust === undefined || roles === undefined) return pack;
  const held = early === undefined ? await findSignature(trust.database, digest) : undefined;
  const { pack: keys } = await roles;
  const again =
    held === undefined ? undefined : await verifyPack(held, pack, keys).catch(() => undefined);
  const signature = again ?? (await verifyPack(await (early ?? askForSignature()), pack, keys));
  return { ...pack, signature };
}

async function readText({ text }: { text: string }): Promise<{ text: string; digest: string }> {
  return { text, digest: await sha256(new TextEncoder().encode(text)) };
}

async function entryOf(
  selector: PackSelector,
  {
    signal,
    network,
    trust,
    roles,
  }: Pick<ResolveOptions, "signal" | "network" | "trust"> & {
    roles: Promise<Roles> | undefined;
  },
): Promise<Entry> {
  const { registry, name, channel } = selector;
  const document = `channels of ${name}`;
  const url = registry + channelsPath(name);
  const fetched = await requestDocument(url, { document, network, signal });
  const keys = await roles;
  const channels =
    trust === undefined || keys === undefined
      ? parseChannels(fetched.text, document)
      : await trust.acceptChannels(selector, { fetched, channel: keys.channel, document });
  requireName(channels, { name, document });
  const entry = mostServed(channels.channels[channel] ?? []);
  if (entry !== undefined) return entry;
  const known = Object.keys(channels.channels).join(", ") || "none";
  throw new SelvedgeError(
    "channel-missing",
    `${name} has no version on channel "${channel}" (it has: ${known}). Run "selvedge promote ${name}@VERSION --channel ${channel}", or load another channel.`,
  );
}

/** A promise that may reject before anyone awaits it. */
function settled<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => undefined);
  return promise;
}
