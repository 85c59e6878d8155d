import type { Database } from "../../store/database.ts";
import { pagesOf } from "../../store/images.ts";
import { type ImagePages, partsOf } from "./image-pages.ts";

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

    async read(key, bytes, onPart) {
      const records: unknown[] = await database.transact(
        { doing: "reading an image", stores: ["imagePages"], mode: "readonly" },
        ({ store }) => store.getAll(pagesOf(key)),
      );
      const buffers = records.filter((record) => record instanceof ArrayBuffer);
      const stored = buffers.reduce((sum, { byteLength }) => sum + byteLength, 0);
      if (stored !== bytes || buffers.length !== records.length) return undefined;
      const [only] = buffers;
      const pages =
        only !== undefined && buffers.length === 1 ? new Uint8Array(only) : join(buffers, bytes);
      for (const part of partsOf(pages)) onPart?.(part);
      return pages;
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

function join(buffers: readonly ArrayBuffer[], bytes: number): Uint8Array<ArrayBuffer> {
  const joined = new Uint8Array(bytes);
  let at = 0;
  for (const buffer of buffers) {
    joined.set(new Uint8Array(buffer), at);
    at += buffer.byteLength;
  }
  return joined;
}
