import { PagesDigest } from "@selvedge/protocol";
import type { Database } from "../../store/database.ts";
import { giveUp } from "../../store/give-up.ts";
import type { ImageAt } from "../../worker/engine-api.ts";
import { pagesAt } from "./image-store.ts";

/** An image's pages as they lie on the device, which may not be what was written. */
export interface PagesFound {
  readonly pages: Uint8Array<ArrayBuffer>;
  /** In hex, as an image's head has it. */
  readonly sha256: string;
}

/** Reads an image's pages, and takes their digest. `undefined` where some of them are gone. */
export async function readPages(
  database: Database,
  { key, place, bytes }: ImageAt,
): Promise<PagesFound | undefined> {
  const digest = new PagesDigest();
  const stored = await pagesAt(database, place);
  const pages = await stored.read(key, bytes, (part) => digest.add(part));
  return pages && { pages, sha256: await digest.hex() };
}

/**
 * Pages that are read before the store has said which are needed. Nothing is made of them before that: an
 * image's record, and its head, say what they have to be.
 */
export class EarlyPages {
  readonly #at: ImageAt;
  readonly #found: Promise<PagesFound | undefined>;
  #isWoken = false;

  constructor(database: Database, at: ImageAt) {
    this.#at = at;
    // What fails here is read again, and fails there.
    this.#found = readPages(database, at).catch(() => undefined);
  }

  /** Whether they are those of this image. */
  isOf(image: ImageAt | undefined): boolean {
    const { key, place, bytes } = this.#at;
    return image?.key === key && image.place === place && image.bytes === bytes;
  }

  /** The pages, where they are those of this image. */
  async take(image: ImageAt): Promise<PagesFound | undefined> {
    if (!this.isOf(image)) return undefined;
    this.#isWoken = true;
    return this.#found;
  }

  /** Lets them go once they have come, unless they were taken. */
  letGo(): void {
    if (!this.#isWoken) void this.#found.then((found) => found && giveUp(found.pages.buffer));
  }
}
