import { Field } from "./field.ts";
import type { ErrorCode } from "./selvedge-error.ts";

/**
 * A signed document: DSSE, the Dead Simple Signing Envelope.
 *
 * @see https://github.com/secure-systems-lab/dsse/blob/master/envelope.md
 */
export interface Envelope {
  readonly payloadType: string;
  /** The document, base64. */
  readonly payload: string;
  readonly signatures: readonly { readonly keyid?: string; readonly sig: string }[];
}

/** Puts a document into an envelope, unsigned. */
export function seal(payloadType: string, document: string): Envelope {
  let binary = "";
  for (const byte of new TextEncoder().encode(document)) binary += String.fromCharCode(byte);
  return { payloadType, payload: btoa(binary), signatures: [] };
}

/**
 * Takes the document out of an envelope. Signatures are not looked at.
 *
 * @throws SelvedgeError with `code`, naming the field.
 */
export function unseal(
  text: string,
  { payloadType, document, code }: { payloadType: string; document: string; code: ErrorCode },
): string {
  const root = Field.fromJson(text, document, code);
  root.at("payloadType").oneOf([payloadType]);
  for (const signature of root.at("signatures").items()) {
    signature.at("keyid").optional((keyid) => keyid.string());
    signature.at("sig").string();
  }
  const payload = root.at("payload");
  try {
    // DSSE allows both alphabets of base64; atob knows the first.
    const base64 = payload.string().replaceAll("-", "+").replaceAll("_", "/");
    const bytes = Uint8Array.from(atob(base64), (char) => char.charCodeAt(0));
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return payload.fail("base64 of UTF-8 text");
  }
}
