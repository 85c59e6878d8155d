import { fromBase64, toBase64 } from "./base64.ts";
import { Field } from "./field.ts";
import { type ErrorCode, SelvedgeError } from "./selvedge-error.ts";

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

/** What an envelope should be. */
interface Expected {
  readonly payloadType: string;
  /** What to call it in errors. */
  readonly document: string;
  readonly code: ErrorCode;
}

/** Puts a document into an envelope, unsigned. */
export function seal(payloadType: string, document: string): Envelope {
  return { payloadType, payload: toBase64(new TextEncoder().encode(document)), signatures: [] };
}

/**
 * Reads an envelope. Its signatures are not checked: `verifyEnvelope` does that.
 *
 * @throws SelvedgeError with `code`, naming the field.
 */
export function parseEnvelope(text: string, { payloadType, document, code }: Expected): Envelope {
  return readEnvelope(Field.fromJson(text, document, code), payloadType);
}

/** Reads an envelope that is part of a document. */
export function readEnvelope(root: Field, payloadType: string): Envelope {
  return {
    payloadType: root.at("payloadType").oneOf([payloadType]),
    payload: root.at("payload").string(),
    signatures: root
      .at("signatures")
      .items()
      .map((signature) => {
        const keyid = signature.at("keyid").optional((field) => field.string());
        const sig = signature.at("sig").string();
        return keyid === undefined ? { sig } : { keyid, sig };
      }),
  };
}

/**
 * Takes the document out of an envelope. Signatures are not looked at.
 *
 * @throws SelvedgeError with `code`, naming the field.
 */
export function unseal(text: string, expected: Expected): string {
  return payloadOf(parseEnvelope(text, expected), expected);
}

/**
 * The document in an envelope.
 *
 * @throws SelvedgeError with `code`.
 */
export function payloadOf(
  envelope: Envelope,
  { document, code }: Pick<Expected, "document" | "code">,
): string {
  const bytes = fromBase64(envelope.payload);
  try {
    if (bytes !== undefined)
      return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    // Said below, for both.
  }
  throw new SelvedgeError(code, `${document}: payload: expected base64 of UTF-8 text.`, {
    detail: { field: "payload" },
  });
}
