import { createHash, timingSafeEqual } from "node:crypto";

/** A token that is known by its digest alone. */
export interface KnownToken {
  /** What to call it in logs; not secret. */
  readonly name: string;
  /** SHA-256 of the token's UTF-8 bytes. */
  readonly sha256: Buffer;
}

/** Answers which of the known tokens an `Authorization` header bears; `undefined`: none of them. */
export type CheckToken = (authorization: string | undefined) => string | undefined;

/** No token is as long; a longer one is not worth digesting. */
const MAX_HEADER_CHARS = 1024;

/** Makes a check that takes the same time for a token that is nearly right as for one that is not. */
export function createTokenCheck(tokens: readonly KnownToken[]): CheckToken {
  return (authorization) => {
    if (authorization === undefined || authorization.length > MAX_HEADER_CHARS) return undefined;
    const token = /^Bearer +([^\s]+)$/i.exec(authorization)?.[1];
    if (token === undefined) return undefined;
    const digest = digestOf(token);
    let name: string | undefined;
    // All of them are compared, so that how long it takes says nothing about which one it was.
    for (const known of tokens) if (timingSafeEqual(known.sha256, digest)) name = known.name;
    return name;
  };
}

/** SHA-256 of a token. */
export function digestOf(token: string): Buffer {
  return createHash("sha256").update(token, "utf8").digest();
}
