import { type Field, parseTrustAnchors, type TrustAnchors } from "@selvedge/protocol";

/**
 * Reads the section `publicKeys`, which is what pages are given under this name: a list of keys,
 * `{pack, channel}`, or `{root}`.
 *
 * @throws SelvedgeError `key-invalid` that names the field that is wrong.
 */
export function readPublicKeys(field: Field): TrustAnchors {
  const value = field.isList ? field.items().map((item) => item.object()) : field.object();
  return parseTrustAnchors(JSON.stringify(value));
}
