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
import type { PackSelector } from "../worker/keeper-api.ts";

/** A pack as the registry has it now. */
export interface ResolvedPack {
  readonly digest: string;
  /** The manifest's text, as its digest was taken over it. */
  readonly text: string;
  readonly manifest: Manifest;
}

/**
 * Asks the registry which pack a selector means, and for its manifest where the store has not got it.
 *
 * @throws SelvedgeError `channel-missing` where the channel serves nothing, `integrity` where the
 * manifest is not the one the channel names, or is another model's; and whatever reading them throws.
 */
export async function resolvePack(
  { registry, name, channel, version }: PackSelector,
  {
    signal,
    network,
    stored,
  }: {
    signal: AbortSignal;
    network: Network;
    /** The text of a manifest in the store. */
    stored: (digest: string) => Promise<string | undefined>;
  },
): Promise<ResolvedPack> {
  const entry: { version: string; manifest?: string } =
    version === undefined
      ? await entryOf({ registry, name, channel }, { network, signal })
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
  // A version's manifest never changes, so the HTTP cache may answer; where that kept something else,
  // the host is asked past it.
  let read = known === undefined ? await ask("default") : await readText(known);
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
  return { digest, text, manifest };
}

async function readText(text: string): Promise<{ text: string; digest: string }> {
  return { text, digest: await sha256(new TextEncoder().encode(text)) };
}

async function entryOf(
  { registry, name, channel }: { registry: string; name: string; channel: string },
  { network, signal }: { network: Network; signal: AbortSignal },
): Promise<{ version: string; manifest: string }> {
  const title = `channels of ${name}`;
  const text = await requestText(registry + channelsPath(name), {
    document: title,
    network,
    signal,
    cache: "no-cache",
  });
  const document = parseChannels(text, title);
  if (document.name !== name)
    throw new SelvedgeError(
      "integrity",
      `${title}: it is the channel document of ${document.name}. The registry's files were mixed up; promote the version again.`,
    );
  const entry = mostServed(document.channels[channel] ?? []);
  if (entry !== undefined) return entry;
  const known = Object.keys(document.channels).join(", ") || "none";
  throw new SelvedgeError(
    "channel-missing",
    `${name} has no version on channel "${channel}" (it has: ${known}). Run "selvedge promote ${name}@VERSION --channel ${channel}", or load another channel.`,
  );
}
