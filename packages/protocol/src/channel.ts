import { type Envelope, parseEnvelope, payloadOf, seal } from "./envelope.ts";
import { Field } from "./field.ts";
import { isDateTime } from "./is-date-time.ts";
import { isModelName, isVersion } from "./registry-layout.ts";

const CHANNELS_FORMAT = "selvedge.channels/1";
const PAYLOAD_TYPE = "application/vnd.selvedge.channels+json";

/** Devices are spread over this many rollout buckets. */
export const BUCKET_COUNT = 10_000;

/** A version that a channel serves, to the devices whose bucket is in `[from, to)`. */
export interface ChannelEntry {
  readonly version: string;
  /** SHA-256 of the version's manifest: the pack's id. */
  readonly manifest: string;
  readonly buckets: readonly [from: number, to: number];
}

/** Which versions of a model are served, channel by channel. */
export interface ChannelDocument {
  readonly format: typeof CHANNELS_FORMAT;
  readonly name: string;
  /** Grows with every change, so that an older document can be told from a newer one. */
  readonly sequence: number;
  /** ISO 8601, with a time and a zone. */
  readonly issued: string;
  /** ISO 8601, with a time and a zone. */
  readonly expires: string;
  readonly channels: Readonly<Record<string, readonly ChannelEntry[]>>;
}

/** Writes a channel document as it stands in a registry: in an envelope, unsigned. */
export function encodeChannels(channels: Omit<ChannelDocument, "format">): Envelope {
  return seal(PAYLOAD_TYPE, JSON.stringify({ format: CHANNELS_FORMAT, ...channels }));
}

/**
 * Reads a channel document out of its envelope.
 *
 * @throws SelvedgeError `channel-invalid`, naming the field.
 */
export function parseChannels(text: string, document = "channel document"): ChannelDocument {
  return readChannels(parseChannelsEnvelope(text, document), document);
}

/**
 * Reads the envelope of a channel document, to be verified before its document is.
 *
 * @throws SelvedgeError `channel-invalid`, naming the field.
 */
export function parseChannelsEnvelope(text: string, document = "channel document"): Envelope {
  return parseEnvelope(text, { payloadType: PAYLOAD_TYPE, document, code: "channel-invalid" });
}

/**
 * Reads the channel document in an envelope.
 *
 * @throws SelvedgeError `channel-invalid`, naming the field.
 */
export function readChannels(envelope: Envelope, document = "channel document"): ChannelDocument {
  const code = "channel-invalid";
  const payload = payloadOf(envelope, { document, code });
  const root = Field.fromJson(payload, document, code);
  return {
    format: root.at("format").oneOf([CHANNELS_FORMAT]),
    name: root.at("name").stringThat(isModelName, "a model name"),
    sequence: root.at("sequence").integer({ min: 1 }),
    issued: root.at("issued").stringThat(isDateTime, "an ISO 8601 date and time"),
    expires: root.at("expires").stringThat(isDateTime, "an ISO 8601 date and time"),
    channels: root.at("channels").record(channelEntries),
  };
}

function channelEntries(field: Field): ChannelEntry[] {
  const fields = field.items();
  const entries = fields.map(channelEntry);
  for (const [index, { buckets }] of entries.entries())
    if (entries.slice(0, index).some((earlier) => overlap(earlier.buckets, buckets)))
      fields[index]?.at("buckets").fail("buckets that no entry before it has");
  return entries;
}

/**
 * The version that most devices are meant to have: what all of them take, as long as they have no
 * bucket of their own.
 */
export function mostServed(entries: readonly ChannelEntry[]): ChannelEntry | undefined {
  const share = ({ buckets: [from, to] }: ChannelEntry) => to - from;
  return entries.toSorted((a, b) => share(b) - share(a)).find((entry) => share(entry) > 0);
}

function channelEntry(field: Field): ChannelEntry {
  const [from, to, ...rest] = field.at("buckets").items();
  if (from === undefined || to === undefined || rest.length > 0)
    return field.at("buckets").fail("a pair [from, to]");
  const start = from.integer({ min: 0, max: BUCKET_COUNT });
  return {
    version: field.at("version").stringThat(isVersion, "a version"),
    manifest: field.at("manifest").sha256(),
    buckets: [start, to.integer({ min: start, max: BUCKET_COUNT })],
  };
}

function overlap(a: ChannelEntry["buckets"], b: ChannelEntry["buckets"]): boolean {
  return Math.max(a[0], b[0]) < Math.min(a[1], b[1]);
}
