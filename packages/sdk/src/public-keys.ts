import { sha256 } from "@selvedge/protocol";

/**
 * Whose signatures a page believes, as `selvedge keygen` writes them: public keys that may sign packs
 * and channels both, keys for each of the two roles, or the root document, as JSON or its text.
 */
export type PublicKeys =
  | readonly JsonWebKey[]
  | { readonly pack: readonly JsonWebKey[]; readonly channel: readonly JsonWebKey[] }
  | { readonly root: object | string };

/** Writes keys as they cross to the keeper, which says whether they are any. */
export function anchorsOf(publicKeys: PublicKeys): string {
  // What JSON cannot write must not pass for no keys at all.
  return JSON.stringify(publicKeys) ?? "null";
}

/** What activations that were made under some keys are told apart by. */
export function anchorsId(anchors: string): Promise<string> {
  return sha256(new TextEncoder().encode(anchors));
}
