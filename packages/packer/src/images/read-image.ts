import { gunzipSync } from "node:zlib";
import {
  type BareImage,
  type ImageDifference,
  type ImageFileRef,
  parseBareImage,
  parseImageDifference,
  SelvedgeError,
  type ShippedImage,
  sha256,
} from "@selvedge/protocol";

/**
 * Reads the files of a shipped image, held to their digests and to how large they may become.
 *
 * @param read gives a file's bytes, as they are stored
 * @throws SelvedgeError `integrity` where one is not what the manifest says.
 */
export async function readImage(
  { bare, difference }: Pick<ShippedImage, "bare" | "difference">,
  read: (file: ImageFileRef) => Uint8Array,
): Promise<{ bare: BareImage; difference: ImageDifference }> {
  return {
    bare: parseBareImage(await unpack(bare, read(bare))),
    difference: parseImageDifference(await unpack(difference, read(difference))),
  };
}

async function unpack(file: ImageFileRef, packed: Uint8Array): Promise<Uint8Array> {
  if ((await sha256(packed)) !== file.sha256) throw wrong("does not match its digest");
  try {
    const bytes = gunzipSync(packed, { maxOutputLength: file.unpackedBytes });
    if (bytes.length === file.unpackedBytes) return bytes;
  } catch (cause) {
    throw wrong("cannot be unpacked", cause);
  }
  throw wrong("is cut off");
}

function wrong(what: string, cause?: unknown): SelvedgeError {
  return new SelvedgeError(
    "integrity",
    `A file of an image ${what}. Pack the model again under a new version.`,
    { cause },
  );
}
