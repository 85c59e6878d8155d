import {
  type BareImage,
  encodeBareImage,
  encodeImageDifference,
  type ImageDifference,
  type ShippedImage,
} from "@selvedge/protocol";
import { gzip } from "../registry/gzip.ts";

/** A file as it travels. */
export interface PackedFile {
  readonly packed: Uint8Array<ArrayBuffer>;
  /** What it comes to without gzip. */
  readonly bytes: number;
}

/** A session that was written down, ready to be put into a pack. */
export interface PackedImage
  extends Pick<ShippedImage, "format" | "runtime" | "madeOn" | "settings"> {
  readonly bare: PackedFile;
  readonly difference: PackedFile;
}

export function packBareImage(image: BareImage): PackedFile {
  return packFile(encodeBareImage(image));
}

export function packDifference(difference: ImageDifference): PackedFile {
  return packFile(encodeImageDifference(difference));
}

function packFile(file: Uint8Array): PackedFile {
  return { packed: gzip(file), bytes: file.length };
}
