import { SelvedgeError, sha256 } from "@selvedge/protocol";

/**
 * Whose signatures a page believes, as `selvedge keygen` writes them: public keys that may sign packs
 * and channels both, keys for each of the two roles, or the root document, as JSON or its text.
 */
export type PublicKeys =
  | readonly JsonWebKey[]
  | { readonly pack: readonly JsonWebKey[]; readonly channel: readonly JsonWebKey[] }
  | { readonly root: object | string };

/**
 * Writes keys as the keeper reads them, which is what says whether they are any. The same keys give
 * the same text, in whatever order they come.
 *
 * @throws SelvedgeError `options-invalid` for what holds no keys at all.
 */
export function anchorsOf(given: PublicKeys): string {
  const { root, pack, channel } = Array.isArray(given)
    ? { root: "", pack: given, channel: given }
    : Object(given);
  if (root)
    return JSON.stringify({ root: typeof root === "string" ? root.trim() : JSON.stringify(root) });
  if (pack?.length && channel?.length)
    return JSON.stringify({ pack: canonical(pack), channel: canonical(channel) });
  throw new SelvedgeError(
    "options-invalid",
    "The option publicKeys has to be a list of keys, {pack, channel} with a list each, or {root}.",
  );
}

/** What activations that were made under some keys are told apart by. */
export function anchorsId(anchors: string): Promise<string> {
  return sha256(new TextEncoder().encode(anchors));
}

function canonical(keys: readonly JsonWebKey[]): JsonWebKey[] {
  return keys
    .map(({ kty, crv, x, y, d }) => ({ kty, crv, x, y, d }) as JsonWebKey)
    .sort((a, b) => (String(a.x) < String(b.x) ? -1 : 1));
}
