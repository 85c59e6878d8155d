import { type ChannelDocument, parseChannelsEnvelope, readChannels } from "./channel.ts";
import { payloadOf } from "./envelope.ts";
import { SelvedgeError } from "./selvedge-error.ts";
import { sha256 } from "./sha256.ts";
import { type TrustedKeys, verifyEnvelope } from "./verify-envelope.ts";

const DAY_MS = 24 * 60 * 60 * 1000;

/** A channel document whose signature holds. */
export interface SignedChannels {
  readonly document: ChannelDocument;
  /** SHA-256 of what was signed: the same however often it was signed. */
  readonly digest: string;
}

/**
 * Reads a channel document that keys which are trusted have signed. Nothing in it is read before its
 * signature was found to hold. When it holds, and for which model, is `requireTimely`'s to ask and
 * the caller's.
 *
 * @throws SelvedgeError `signature-invalid`, or `channel-invalid`, naming the field.
 */
export async function verifyChannels(
  text: string,
  { trusted, document = "channel document" }: { trusted: TrustedKeys; document?: string },
): Promise<SignedChannels> {
  const envelope = parseChannelsEnvelope(text, document);
  await verifyEnvelope(envelope, trusted, document);
  const payload = payloadOf(envelope, { document, code: "channel-invalid" });
  return {
    document: readChannels(envelope, document),
    digest: await sha256(new TextEncoder().encode(payload)),
  };
}

/**
 * @param options.now milliseconds since 1970
 * @param options.hint what else to say, such as that the clock may be wrong
 * @throws SelvedgeError `document-expired`; `document-not-yet-valid` for one that was issued more than
 * a day from now, which clocks that are a little off do not explain.
 */
export function requireTimely(
  { issued, expires }: Pick<ChannelDocument, "issued" | "expires">,
  { now, hint = "", document }: { now: number; hint?: string; document: string },
): void {
  const today = `This device's clock says ${isoDate(now)}.${hint}`;
  if (Date.parse(expires) <= now)
    throw new SelvedgeError(
      "document-expired",
      `${document}: expired on ${expires}. Renew it with \`selvedge promote\`, or set the device's clock where that is wrong. ${today}`,
      { detail: { expires } },
    );
  if (Date.parse(issued) > now + DAY_MS)
    throw new SelvedgeError(
      "document-not-yet-valid",
      `${document}: issued on ${issued}, which has not come yet. Set the clock of the device, or of the machine that promotes, where that is wrong. ${today}`,
      { detail: { issued } },
    );
}

/**
 * Holds a channel document against the newest one that was seen before.
 *
 * @throws SelvedgeError `document-rolled-back` for an older one, `document-conflicting` for another of
 * the same sequence.
 */
export function requireSuccessor(
  { document: { sequence }, digest }: SignedChannels,
  { before, document }: { before: SignedChannels; document: string },
): void {
  const seen = before.document.sequence;
  if (sequence < seen)
    throw new SelvedgeError(
      "document-rolled-back",
      `${document}: sequence ${sequence}, and sequence ${seen} was seen on this device. Someone put an old file back: promote again, so that the sequence grows past ${seen}.`,
      { detail: { sequence, seen } },
    );
  if (sequence === seen && digest !== before.digest)
    throw new SelvedgeError(
      "document-conflicting",
      `${document}: another document of sequence ${sequence} was seen on this device. Two were signed with one number: promote again, so that the sequence grows.`,
      { detail: { sequence } },
    );
}

function isoDate(time: number): string {
  return Number.isFinite(time) ? new Date(time).toISOString() : "nothing";
}
