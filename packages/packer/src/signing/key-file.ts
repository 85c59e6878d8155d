import { createPublicKey } from "node:crypto";
import { readFile } from "node:fs/promises";
import {
  createSigner,
  type PublicJwk,
  parsePrivateJwk,
  parsePublicJwk,
  publicHalf,
  SelvedgeError,
  type Signer,
  seal,
  sha256,
  signEnvelope,
  verifyEnvelope,
} from "@selvedge/protocol";

/** A key that signs, and its public half. */
export interface SigningKey {
  readonly signer: Signer;
  readonly jwk: PublicJwk;
}

/** @throws SelvedgeError `key-invalid`, naming the file. */
export async function readPublicKey(path: string): Promise<PublicJwk> {
  return parsePublicJwk(await readKeyFile(path), path);
}

/** @throws SelvedgeError `key-invalid`, naming the file. */
export async function readSigningKey(path: string): Promise<SigningKey> {
  const key = parsePrivateJwk(await readKeyFile(path), path);
  const jwk = publicHalf(key);
  try {
    const signer = await createSigner(key);
    // A file whose halves do not belong together would sign what no one can verify.
    await verifyEnvelope(await signEnvelope(seal("text/plain", ""), signer), { keys: [jwk] });
    return { signer, jwk };
  } catch (cause) {
    throw new SelvedgeError(
      "key-invalid",
      `${path}: its numbers are not a P-256 key. Restore it from a copy, or make another with \`selvedge keygen\`.`,
      { cause },
    );
  }
}

/** A public key's fingerprint as OpenSSF model signing has it: SHA-256 of its PEM, in hex. */
export async function fingerprint(jwk: PublicJwk): Promise<string> {
  const key = createPublicKey({ key: { ...jwk }, format: "jwk" });
  const pem = key.export({ type: "spki", format: "pem" });
  return sha256(new TextEncoder().encode(String(pem)));
}

async function readKeyFile(path: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (cause) {
    const code = cause instanceof Error && "code" in cause ? cause.code : cause;
    throw new SelvedgeError("key-invalid", `${path}: cannot be read (${code}). Check the path.`, {
      cause,
    });
  }
}
