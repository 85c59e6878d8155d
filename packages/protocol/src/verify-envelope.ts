import { fromBase64 } from "./base64.ts";
import { fromDerSignature } from "./der-signature.ts";
import type { Envelope } from "./envelope.ts";
import { keyId, type PublicJwk, publicHalf } from "./jwk.ts";
import { preAuthEncoding } from "./pre-auth-encoding.ts";
import { SelvedgeError } from "./selvedge-error.ts";

/** More signatures than this are not looked at: each one tried costs a device time. */
const MOST_SIGNATURES = 16;

/** Keys, and how many of them have to have signed. */
export interface TrustedKeys {
  readonly keys: readonly PublicJwk[];
  /** @default 1 */
  readonly threshold?: number;
}

/**
 * Checks that an envelope was signed by keys that are trusted: ECDSA P-256 with SHA-256, in DER. The
 * `keyid` beside a signature is not looked at, since anyone could have written it.
 *
 * @param document what to call the envelope in errors
 * @returns the ids of the keys that signed
 * @throws SelvedgeError `signature-invalid`, saying why; `key-invalid` for keys that are none.
 */
export async function verifyEnvelope(
  envelope: Envelope,
  { keys, threshold = 1 }: TrustedKeys,
  document = "envelope",
): Promise<string[]> {
  const { payloadType, signatures } = envelope;
  const refuse = (why: string): never => {
    throw new SelvedgeError("signature-invalid", `${document}: ${why}`);
  };
  if (signatures.length === 0) return refuse("not signed. Sign it with the key it should have.");
  if (signatures.length > MOST_SIGNATURES)
    return refuse(`${signatures.length} signatures, and ${MOST_SIGNATURES} are the most allowed.`);
  const payload = fromBase64(envelope.payload);
  if (payload === undefined) return refuse("the payload is not base64.");
  const message = preAuthEncoding(payloadType, payload);
  const raw = signatures.flatMap(({ sig }) => {
    const der = fromBase64(sig);
    return (der && fromDerSignature(der)) ?? [];
  });
  if (raw.length === 0) return refuse("its signature is not the DER of an ECDSA P-256 signature.");
  const signedBy = new Set<string>();
  for (const jwk of keys) {
    const key = await importPublic(jwk);
    for (const signature of raw)
      if (await crypto.subtle.verify({ name: "ECDSA", hash: "SHA-256" }, key, signature, message))
        signedBy.add(await keyId(jwk));
  }
  if (signedBy.size >= Math.max(1, threshold)) return [...signedBy];
  const trusted = await Promise.all(keys.map(async (jwk) => (await keyId(jwk)).slice(0, 12)));
  return refuse(
    `no valid signature by ${threshold > 1 ? `${threshold} of ` : ""}${trusted.join(" or ")}. It was signed with another key, or changed afterwards.`,
  );
}

async function importPublic(jwk: PublicJwk): Promise<CryptoKey> {
  const algorithm = { name: "ECDSA", namedCurve: "P-256" } as const;
  return crypto.subtle
    .importKey("jwk", publicHalf(jwk), algorithm, false, ["verify"])
    .catch(async (cause: unknown) => {
      throw new SelvedgeError(
        "key-invalid",
        `The public key ${(await keyId(jwk)).slice(0, 12)} is not a point of P-256.`,
        { cause },
      );
    });
}
