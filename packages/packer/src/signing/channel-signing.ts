import {
  channelsPath,
  type Envelope,
  requireFresh,
  SelvedgeError,
  type Signer,
  verifyEnvelope,
} from "@selvedge/protocol";
import type { PromoteOptions } from "../promote.ts";
import { readSigningKey } from "./key-file.ts";
import { readRootFile } from "./root-file.ts";

/** How the next channel document is signed. */
export interface ChannelSigning {
  readonly signer: Signer | undefined;
  /** Whether the present document is signed just so. */
  readonly isSigned: boolean;
}

/**
 * Checks that a channel document may be followed by another one. What stands there is carried over, so
 * that its signature has to hold: signing it anew would vouch for whatever someone else wrote there.
 *
 * @throws SelvedgeError `key-invalid`, `root-invalid`, `signature-invalid` or `options-invalid`.
 */
export async function channelSigning(
  current: Envelope | undefined,
  { name, key: keyFile, root: rootFile }: Pick<PromoteOptions, "name" | "key" | "root">,
): Promise<ChannelSigning> {
  const document = channelsPath(name);
  const wasSigned = current !== undefined && current.signatures.length > 0;
  if (keyFile === undefined) {
    if (rootFile !== undefined)
      throw new SelvedgeError("options-invalid", "--root says nothing without --key. Give both.");
    if (wasSigned)
      throw new SelvedgeError(
        "key-invalid",
        `${document} is signed, and promoting without a key would drop the signature. Give the channel key with --key.`,
      );
    return { signer: undefined, isSigned: true };
  }
  const { signer, jwk } = await readSigningKey(keyFile);
  let keys = [jwk];
  if (rootFile !== undefined) {
    const root = await readRootFile(rootFile);
    requireFresh(root, Date.now(), rootFile);
    keys = [...root.roles.channel.keys];
    if (!keys.some(({ x, y }) => x === jwk.x && y === jwk.y))
      throw new SelvedgeError(
        "key-invalid",
        `${keyFile}: not one of the channel keys of ${rootFile}. Use one that is.`,
      );
  }
  if (!wasSigned) return { signer, isSigned: false };
  const signedBy = await verifyEnvelope(current, { keys }, document).catch((cause: unknown) => {
    if (rootFile !== undefined || !(cause instanceof SelvedgeError)) throw cause;
    throw new SelvedgeError(
      cause.code,
      `${cause.message} If the key was rotated, name its root document with --root.`,
      { cause },
    );
  });
  return { signer, isSigned: signedBy.includes(signer.keyId) };
}
