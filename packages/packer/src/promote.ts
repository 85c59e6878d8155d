import { BUCKET_COUNT, type ChannelEntry, encodeChannels, SelvedgeError } from "@selvedge/protocol";
import { ModelFolder } from "./registry.ts";
import { writeAtomically } from "./write-atomically.ts";

const DAY_MS = 24 * 60 * 60 * 1000;

/** How long a channel document is good for. */
const LIFETIME_MS = 365 * DAY_MS;

/** With less than this left, a document is written anew even if nothing else changes. */
const RENEWAL_MS = 90 * DAY_MS;

/** Which version should be served on which channel. */
export interface PromoteOptions {
  readonly name: string;
  readonly version: string;
  readonly channel: string;
  readonly registry: string;
}

/** What a promotion came to. */
export interface PromoteResult {
  /** `unchanged` where the channel served this version already. */
  readonly outcome: "promoted" | "unchanged";
  /** SHA-256 of the version's manifest. */
  readonly digest: string;
  readonly sequence: number;
}

/**
 * Serves a version to every device on a channel. Other channels stay as they are.
 *
 * @throws SelvedgeError `not-found`, `manifest-invalid`, `channel-invalid` or `options-invalid`.
 */
export async function promote(options: PromoteOptions): Promise<PromoteResult> {
  const { name, version, channel, registry } = options;
  if (!/^[\w][\w.-]{0,63}$/.test(channel))
    throw new SelvedgeError(
      "options-invalid",
      `"${channel}" is no channel name. Use up to 64 letters, digits, ".", "_" and "-", such as stable.`,
    );
  const folder = new ModelFolder(registry, name);
  const { digest } = await folder.manifest(version);
  const current = await folder.channels();
  const now = Date.now();
  const entry: ChannelEntry = { version, manifest: digest, buckets: [0, BUCKET_COUNT] };
  const isServed = JSON.stringify(current?.channels[channel]) === JSON.stringify([entry]);
  if (isServed && current !== undefined && Date.parse(current.expires) - now > RENEWAL_MS)
    return { outcome: "unchanged", digest, sequence: current.sequence };

  const sequence = (current?.sequence ?? 0) + 1;
  const envelope = encodeChannels({
    name,
    sequence,
    issued: new Date(now).toISOString(),
    expires: new Date(now + LIFETIME_MS).toISOString(),
    channels: { ...current?.channels, [channel]: [entry] },
  });
  await writeAtomically(folder.channelsFile, JSON.stringify(envelope));
  return { outcome: "promoted", digest, sequence };
}
