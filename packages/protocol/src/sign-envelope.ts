import { fromBase64, toBase64 } from "./base64.ts";
import { toDerSignature } from "./der-signature.ts";
import type { Envelope } from "./envelope.ts";
import { keyId, type PrivateJwk } from "./jwk.ts";
import { preAuthEncoding } from "./pre-auth-encoding.ts";
import { SelvedgeError } from "./selvedge-error.ts";

/** Whatever can sign with ECDSA P-256 and SHA-256: a key in memory, or one that a vault keeps. */
export interface Signer {
  /** The thumbprint of its public key, as `keyId` gives it. */
  readonly keyId: string;
  /** Signs bytes. The signature is DER, as vaults and openssl give it. */
  sign(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array>;
}

/**
 * A signer with a key in memory.
 *
 * @throws SelvedgeError `key-invalid` where the numbers are no key.
 */
export async function createSigner(jwk: PrivateJwk): Promise<Signer> {
  const { kty, crv, x, y, d } = jwk;
  const algorithm = { name: "ECDSA", namedCurve: "P-256" } as const;
  // Nothing else of the file: `key_ops` and `ext` may forbid what it is for.
  const key: PrivateJwk = { kty, crv, x, y, d };
  const imported = await crypto.subtle
    .importKey("jwk", key, algorithm, false, ["sign"])
    .catch((cause: unknown) => {
      throw new SelvedgeError("key-invalid", "The private key is not on its curve.", { cause });
    });
  return {
    keyId: await keyId(jwk),
    sign: async (bytes) => {
      const raw = await crypto.subtle.sign({ name: "ECDSA", hash: "SHA-256" }, imported, bytes);
      return toDerSignature(new Uint8Array(raw));
    },
  };
}

/**
 * Signs an envelope. Signatures it had are dropped: they were made by whoever signed it before.
 *
 * @throws SelvedgeError `signature-invalid` where the payload is not base64.
 */
export async function signEnvelope(envelope: Envelope, signer: Signer): Promise<Envelope> {
  const { payloadType, payload } = envelope;
  const bytes = fromBase64(payload);
  if (bytes === undefined)
    throw new SelvedgeError("signature-invalid", "The payload to be signed is not base64.");
  const sig = toBase64(await signer.sign(preAuthEncoding(payloadType, bytes)));
  return { payloadType, payload, signatures: [{ keyid: signer.keyId, sig }] };
}
