import {
  encodeModelSignature,
  encodeModelStatement,
  type SignedPack,
  signEnvelope,
  verifyModelSignature,
} from "@selvedge/protocol";
import { fingerprint, type SigningKey } from "./key-file.ts";
import type { ModelFolder } from "./registry.ts";
import { writeAtomically } from "./write-atomically.ts";

/**
 * Writes the signature of a version beside its manifest. One that this key made, and that still holds,
 * is left alone: ECDSA takes a random number, so that signing twice never gives the same bytes.
 */
export async function signPack(
  folder: ModelFolder,
  pack: SignedPack,
  { signer, jwk }: SigningKey,
): Promise<"written" | "unchanged"> {
  const { version } = pack.manifest;
  const existing = await folder.signature(version);
  const trusted = { keys: [jwk] };
  const holds =
    existing !== undefined &&
    (await verifyModelSignature(existing, { pack, trusted }).then(
      () => true,
      () => false,
    ));
  if (holds) return "unchanged";
  const envelope = await signEnvelope(await encodeModelStatement(pack), signer);
  const text = encodeModelSignature(envelope, await fingerprint(jwk));
  await writeAtomically(folder.signatureFile(version), text);
  return "written";
}
