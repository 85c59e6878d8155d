import { generateKeyPairSync, type KeyObject } from "node:crypto";
import { type PrivateJwk, parsePrivateJwk, publicHalf } from "./jwk.ts";

/** A new key, as JWK and as node has it. */
export function newKey(): { jwk: PrivateJwk; privateKey: KeyObject; publicKey: KeyObject } {
  const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const jwk = parsePrivateJwk(JSON.stringify(privateKey.export({ format: "jwk" })));
  return { jwk, privateKey, publicKey };
}

/** Public halves, as verifiers are given them. */
export function trusting(...keys: { jwk: PrivateJwk }[]) {
  return { keys: keys.map(({ jwk }) => publicHalf(jwk)) };
}
