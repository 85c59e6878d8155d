import type { ImageRecord } from "../../store/database.ts";
import { isTexts } from "../../store/sound-record.ts";

/**
 * What is kept under an image's key, or nothing where a text of it is none. Head and pages have digests,
 * which say more; its numbers are held against what is there.
 */
export function soundImage(stored: unknown): ImageRecord | undefined {
  const image = stored as ImageRecord | undefined;
  const { key, pack, dtype, kind } = image ?? {};
  const texts =
    image?.kind === "kept" ? [image.head, image.headDigest, image.place] : [image?.reason];
  return isTexts([key, pack, dtype, kind, ...texts]) ? image : undefined;
}
