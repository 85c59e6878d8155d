import {
  BUCKET_COUNT,
  type ChannelEntry,
  encodeChannels,
  readChannels,
  SelvedgeError,
  signEnvelope,
} from "@selvedge/protocol";
import { ModelFolder } from "./registry/registry.ts";
import { writeAtomically } from "./registry/write-atomically.ts";
import { channelSigning } from "./signing/channel-signing.ts";

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
  /** The file of a private key, which signs the channels. They must not be signed without it. */
  readonly key?: string | undefined;
  /** The root document, after the key was rotated: channels that an older key signed are taken over. */
  readonly root?: string | undefined;
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
 * @throws SelvedgeError `not-found`, `manifest-invalid`, `channel-invalid`, `options-invalid`, and
 * `key-invalid`, `root-invalid` or `signature-invalid` where the channels cannot be signed, or what
 * stands there was signed by someone else. Nothing was changed.
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
  const envelope = await folder.channelsEnvelope();
  const { signer, isSigned } = await channelSigning(envelope, options);
  const current = envelope && readChannels(envelope, `channels of ${name}`);
  const now = Date.now();
  const entry: ChannelEntry = { version, manifest: digest, buckets: [0, BUCKET_COUNT] };
  const isServed = JSON.stringify(current?.channels[channel]) === JSON.stringify([entry]);
  if (
    isSigned &&
    isServed &&
    current !== undefined &&
    Date.parse(current.expires) - now > RENEWAL_MS
  )
    return { outcome: "unchanged", digest, sequence: current.sequence };

  const sequence = (current?.sequence ?? 0) + 1;
  const next = encodeChannels({
    name,
    sequence,
    issued: new Date(now).toISOString(),
    expires: new Date(now + LIFETIME_MS).toISOString(),
    channels: { ...current?.channels, [channel]: [entry] },
  });
  const signed = signer === undefined ? next : await signEnvelope(next, signer);
  await writeAtomically(folder.channelsFile, JSON.stringify(signed));
  return { outcome: "promoted", digest, sequence };
}
