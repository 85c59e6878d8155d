import {
  type Manifest,
  SelvedgeError,
  signaturePath,
  type TrustedKeys,
  verifyModelSignature,
} from "@selvedge/protocol";
import type { Network } from "../delivery/network.ts";
import { requestDocument } from "./request-document.ts";

/** A pack's signature that was found to hold. */
export interface PackSignature {
  /** As it stands in `manifest.sig`. */
  readonly text: string;
  /** The ids of the keys that signed. */
  readonly signedBy: readonly string[];
}

/**
 * Asks the registry for the signature of a version.
 *
 * @throws SelvedgeError `signature-invalid` where there is none; and as `requestDocument`.
 */
export async function requestSignature(
  { registry, name, version }: { registry: string; name: string; version: string },
  { network, signal }: { network: Network; signal: AbortSignal },
): Promise<string> {
  const document = `signature of ${name}@${version}`;
  const url = registry + signaturePath(name, version);
  try {
    return (await requestDocument(url, { document, network, signal })).text;
  } catch (error) {
    if (!(error instanceof SelvedgeError && error.code === "not-found")) throw error;
    throw new SelvedgeError(
      "signature-invalid",
      `${name}@${version} is not signed (${url} is not there), and this page wants signed packs. Sign it with "selvedge pack … --key", or leave out publicKeys.`,
      { cause: error, detail: error.detail },
    );
  }
}

/**
 * Checks that a signature was made with keys that are trusted, and over this very pack.
 *
 * @throws SelvedgeError `signature-invalid`, saying why.
 */
export async function verifyPack(
  text: string,
  pack: { readonly manifest: Manifest; readonly digest: string },
  trusted: TrustedKeys,
): Promise<PackSignature> {
  const { name, version } = pack.manifest;
  const document = `signature of ${name}@${version}`;
  return { text, signedBy: await verifyModelSignature(text, { pack, trusted, document }) };
}
