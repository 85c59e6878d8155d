import { fromBase64 } from "./base64.ts";
import { Field } from "./field.ts";
import { SelvedgeError } from "./selvedge-error.ts";
import { sha256 } from "./sha256.ts";

/** The public half of an ECDSA P-256 key, as a JSON Web Key. Signatures are made with no other kind. */
export interface PublicJwk {
  readonly kty: "EC";
  readonly crv: "P-256";
  readonly x: string;
  readonly y: string;
}

/** An ECDSA P-256 key that can sign. */
export interface PrivateJwk extends PublicJwk {
  readonly d: string;
}

/**
 * Reads a public key.
 *
 * @throws SelvedgeError `key-invalid` for anything else, a private key included: where public keys
 * are wanted, a private one is about to leak.
 */
export function parsePublicJwk(text: string, document = "public key"): PublicJwk {
  return publicJwk(readJson(text, document));
}

/**
 * Reads a private key.
 *
 * @throws SelvedgeError `key-invalid` for anything else, a public key included.
 */
export function parsePrivateJwk(text: string, document = "private key"): PrivateJwk {
  const root = readJson(text, document);
  const key = coordinates(root);
  const secret = root.at("d");
  if (!secret.isPresent) root.fail('a private key, which has a "d"');
  const d = secret.string();
  // Failing at the root keeps what may be most of a private key out of the message.
  return isCoordinate(d) ? { ...key, d } : root.fail('a key whose "d" is 32 bytes of base64url');
}

/** Reads a public key that is part of a document. */
export function publicJwk(field: Field): PublicJwk {
  const key = coordinates(field);
  return field.at("d").isPresent ? field.fail('a public key, which has no "d"') : key;
}

/** The public half of a key. */
export function publicHalf({ kty, crv, x, y }: PublicJwk): PublicJwk {
  return { kty, crv, x, y };
}

/**
 * What a key is called: its thumbprint, as 64 lower-case hex digits.
 *
 * @see https://www.rfc-editor.org/rfc/rfc7638
 */
export async function keyId({ crv, kty, x, y }: PublicJwk): Promise<string> {
  // RFC 7638 wants these members, in this order, without spaces.
  return sha256(new TextEncoder().encode(JSON.stringify({ crv, kty, x, y })));
}

/** Says nothing of what the text is: it may be a private key in another format. */
function readJson(text: string, document: string): Field {
  try {
    JSON.parse(text);
  } catch {
    throw new SelvedgeError(
      "key-invalid",
      `${document}: not a JSON Web Key. Make keys with \`selvedge keygen\`.`,
    );
  }
  return Field.fromJson(text, document, "key-invalid");
}

function coordinates(field: Field): PublicJwk {
  return {
    kty: field.at("kty").oneOf(["EC"]),
    crv: field.at("crv").oneOf(["P-256"]),
    x: field.at("x").stringThat(isCoordinate, "32 bytes of base64url"),
    y: field.at("y").stringThat(isCoordinate, "32 bytes of base64url"),
  };
}

function isCoordinate(text: string): boolean {
  return /^[\w-]{43}$/.test(text) && fromBase64(text)?.length === 32;
}
