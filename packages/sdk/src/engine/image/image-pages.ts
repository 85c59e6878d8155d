import { PART_BYTES } from "@selvedge/protocol";
import type { ImagePlace } from "../../worker/engine-api.ts";

/** Where the pages of images are kept. */
export interface ImagePages {
  readonly place: ImagePlace;
  /** @throws where there is no room for them, or the browser refuses */
  write(key: string, pages: Uint8Array<ArrayBuffer>): Promise<void>;
  /** All of an image's pages, to be read once or closed; `undefined` where they are not all there. */
  open(key: string, bytes: number): Promise<OpenPages | undefined>;
  drop(key: string): Promise<void>;
  /** The images of which there are pages, be they whole or not. */
  keys(): Promise<string[]>;
}

/** The pages of an image that are there. */
export interface OpenPages {
  /**
   * All of them in order, `PART_BYTES` at a time, the last of what is left; fewer where what lies there has
   * shrunk. A part is there until the next is asked for. They are closed behind the last.
   */
  parts(): Generator<Uint8Array<ArrayBuffer>>;
  /** Gives up what is held of them. Idempotent. */
  close(): void;
}

/** Pages by parts of `PART_BYTES`, the last of what is left; views of the same memory. */
export function* partsOf(pages: Uint8Array<ArrayBuffer>): Generator<Uint8Array<ArrayBuffer>> {
  for (let at = 0; at < pages.length; at += PART_BYTES) yield pages.subarray(at, at + PART_BYTES);
}
