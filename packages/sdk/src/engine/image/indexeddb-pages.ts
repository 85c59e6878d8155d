import type { Database } from "../../store/database.ts";
import { giveUp } from "../../store/give-up.ts";
import { pagesOf } from "../../store/images.ts";
import { type ImagePages, type OpenPages, partsOf } from "./image-pages.ts";

/** Larger records are read no faster, and smaller ones slower. */
const RECORD_BYTES = 4 * 2 ** 20;

/** Keeps pages as records of IndexedDB. */
export function indexedDbPages(database: Database): ImagePages {
  return {
    place: "indexeddb",

    async write(key, pages) {
      for (let index = 0; index * RECORD_BYTES < pages.byteLength; index++) {
        const at = index * RECORD_BYTES;
        const record = pages.slice(at, at + RECORD_BYTES).buffer;
        await database.transact(
          { doing: "writing an engine down", stores: ["imagePages"], mode: "readwrite" },
          ({ store }) => store.put(record, [key, index]),
        );
      }
    },

    async open(key, bytes) {
      const records: unknown[] = await database.transact(
        { doing: "reading an image", stores: ["imagePages"], mode: "readonly" },
        ({ store }) => store.getAll(pagesOf(key)),
      );
      const buffers = records.filter((record) => record instanceof ArrayBuffer);
      const stored = buffers.reduce((sum, { byteLength }) => sum + byteLength, 0);
      return stored === bytes && buffers.length === records.length ? opened(buffers) : undefined;
    },

    async drop(key) {
      await database.transact(
        { doing: "dropping an image", stores: ["imagePages"], mode: "readwrite" },
        ({ store }) => store.delete(pagesOf(key)),
      );
    },

    async keys() {
      const keys = await database.transact(
        { doing: "looking for images", stores: ["imagePages"], mode: "readonly" },
        ({ store }) => store.getAllKeys(),
      );
      return [...new Set(keys.map(([key]) => key))];
    },
  };
}

function opened(buffers: readonly ArrayBuffer[]): OpenPages {
  return {
    *parts() {
      // What does not end with a part, before the last, was not written so: its digest is another.
      for (const buffer of buffers) {
        yield* partsOf(new Uint8Array(buffer));
        giveUp(buffer);
      }
    },
    close: () => buffers.forEach(giveUp),
  };
}
