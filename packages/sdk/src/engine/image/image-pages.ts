import type { ImagePlace } from "../../worker/engine-api.ts";

/** Where the pages of images are kept. */
export interface ImagePages {
  readonly place: ImagePlace;
  /** @throws where there is no room for them, or the browser refuses */
  write(key: string, pages: Uint8Array<ArrayBuffer>): Promise<void>;
  /** All of an image's pages, one after the other; `undefined` where they are not all there. */
  read(key: string, bytes: number): Promise<Uint8Array<ArrayBuffer> | undefined>;
  drop(key: string): Promise<void>;
  /** The images of which there are pages, be they whole or not. */
  keys(): Promise<string[]>;
}
