import { PagesDigest } from "@selvedge/protocol";
import type { Database } from "../../store/database.ts";
import type { ImageAt } from "../../worker/engine-api.ts";
import type { OpenPages } from "./image-pages.ts";
import { pagesAt } from "./image-store.ts";

/**
 * Opens an image's pages as they lie on the device. `undefined` where some of them are gone.
 *
 * @param early taken at once, where they are the image's: whoever has them may let them go after that
 */
export async function openPages(
  database: Database,
  image: ImageAt,
  early?: EarlyPages,
): Promise<OpenPages | undefined> {
  if (early?.isOf(image)) return early.take();
  const { key, place, bytes } = image;
  return (await pagesAt(database, place)).open(key, bytes);
}

/**
 * Reads pages, which may not be what was written, into where they belong.
 *
 * @param put given each part, in order
 * @returns their digest in hex, as an image's head has it; `undefined` where there are not so many
 */
export async function readPages(
  pages: OpenPages | undefined,
  expectedBytes: number,
  put: (part: Uint8Array) => void,
): Promise<string | undefined> {
  const digest = new PagesDigest();
  let bytes = 0;
  for (const part of pages?.parts() ?? []) {
    digest.add(part);
    put(part);
    bytes += part.length;
  }
  return bytes === expectedBytes ? digest.hex() : undefined;
}

/**
 * Pages that are opened before the store has said which are needed. Nothing is made of them before that: an
 * image's record, and its head, say where they belong, and what they have to be.
 */
export class EarlyPages {
  readonly #at: ImageAt;
  readonly #reopen: () => Promise<OpenPages | undefined>;
  readonly #opened: Promise<OpenPages | undefined>;
  #isTaken = false;

  constructor(database: Database, at: ImageAt) {
    this.#at = at;
    this.#reopen = () => openPages(database, at);
    // What fails here is tried again, and fails there.
    this.#opened = this.#reopen().catch(() => undefined);
  }

  /** Whether they are those of this image. */
  isOf(image: ImageAt | undefined): boolean {
    const { key, place, bytes } = this.#at;
    return image?.key === key && image.place === place && image.bytes === bytes;
  }

  /** The pages, to be read once. */
  async take(): Promise<OpenPages | undefined> {
    if (this.#isTaken) return this.#reopen();
    this.#isTaken = true;
    return (await this.#opened) ?? this.#reopen();
  }

  /** Closes them once they are open, unless they were taken. */
  letGo(): void {
    if (this.#isTaken) return;
    this.#isTaken = true;
    void this.#opened.then((pages) => pages?.close());
  }
}
