import { Field } from "./field.ts";
import { type PublicJwk, publicJwk } from "./jwk.ts";
import type { TrustedKeys } from "./verify-envelope.ts";

/** More keys than this are not believed: each one tried costs a device time. */
const MOST_KEYS = 32;

/** What a verifier is given to start from: the keys of each role, or a root document that has them. */
export type TrustAnchors =
  | { readonly kind: "keys"; readonly pack: TrustedKeys; readonly channel: TrustedKeys }
  | {
      readonly kind: "root";
      /** The document, as `parseRoot` reads it. */
      readonly text: string;
    };

/**
 * Reads trust anchors: `{"pack": [jwk], "channel": [jwk]}`, a list of keys for both roles, or
 * `{"root": …}`, which is a root document or its text.
 *
 * @throws SelvedgeError `key-invalid`, naming the field.
 */
export function parseTrustAnchors(text: string, document = "publicKeys"): TrustAnchors {
  const anchors = Field.fromJson(text, document, "key-invalid");
  if (anchors.isList) {
    const both = keysIn(anchors);
    return { kind: "keys", pack: both, channel: both };
  }
  const { root } = anchors.object();
  if (root !== undefined)
    return { kind: "root", text: typeof root === "string" ? root : JSON.stringify(root) };
  return { kind: "keys", pack: keysIn(anchors.at("pack")), channel: keysIn(anchors.at("channel")) };
}

function keysIn(field: Field): TrustedKeys {
  const items = field.items();
  if (items.length === 0 || items.length > MOST_KEYS) field.fail(`1 to ${MOST_KEYS} keys`);
  return { keys: items.map((item): PublicJwk => publicJwk(item)) };
}
