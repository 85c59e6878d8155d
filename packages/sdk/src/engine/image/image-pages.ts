import { PART_BYTES } from "@selvedge/protocol";
import type { ImagePlace } from "../../worker/engine-api.ts";

/** Where the pages of images are kept. */
export interface ImagePages {
  readonly place: ImagePlace;
  /** @throws where there is no room for them, or the browser refuses */
  write(key: string, pages: Uint8Array<ArrayBuffer>): Promise<void>;
  /**
   * All of an image's pages, one after the other; `undefined` where they are not all there.
   *
   * @param onPart given each `PART_BYTES` of them, in order, once they are read
   */
  read(
    key: string,
    bytes: number,
    onPart?: (part: Uint8Array<ArrayBuffer>) => void,
  ): Promise<Uint8Array<ArrayBuffer> | undefined>;
  drop(key: string): Promise<void>;
  /** The images of which there are pages, be they whole or not. */
  keys(): Promise<string[]>;
}

/** Pages by parts of `PART_BYTES`, the last of what is left; views of the same memory. */
export function* partsOf(pages: Uint8Array<ArrayBuffer>): Generator<Uint8Array<ArrayBuffer>> {
  for (let at = 0; at < pages.length; at += PART_BYTES) yield pages.subarray(at, at + PART_BYTES);
}
