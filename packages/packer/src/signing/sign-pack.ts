import {
  encodeModelSignature,
  encodeModelStatement,
  type SignedPack,
  signEnvelope,
  verifyModelSignature,
} from "@selvedge/protocol";
import type { ModelFolder } from "../registry/registry.ts";
import { fingerprint, type SigningKey } from "./key-file.ts";

/**
 * Makes the signature of a version. One that this key made, and that still holds, is left alone: ECDSA
 * takes a random number, so that signing twice never gives the same bytes.
 *
 * @returns the text of its file; `undefined` where the one that is there holds
 */
export async function signPack(
  folder: ModelFolder,
  pack: SignedPack,
  { signer, jwk }: SigningKey,
): Promise<string | undefined> {
  const { version } = pack.manifest;
  const existing = await folder.signature(version);
  const trusted = { keys: [jwk] };
  const holds =
    existing !== undefined &&
    (await verifyModelSignature(existing, { pack, trusted }).then(
      () => true,
      () => false,
    ));
  if (holds) return undefined;
  const envelope = await signEnvelope(await encodeModelStatement(pack), signer);
  return encodeModelSignature(envelope, await fingerprint(jwk));
}
