import { IMAGE_FOLDER } from "../../store/images.ts";
import type { ImagePages } from "./image-pages.ts";

/** What workers have of files, which TypeScript's library for all kinds of place lacks. */
interface SyncFile {
  /** Several may read one file at once, where the browser knows the mode. */
  createSyncAccessHandle(options?: { readonly mode: "read-only" }): Promise<{
    getSize(): number;
    read(into: Uint8Array): number;
    write(from: Uint8Array): number;
    truncate(bytes: number): void;
    flush(): void;
    close(): void;
  }>;
}

/**
 * Keeps pages as files of the origin private file system; `undefined` where a worker has none, or none
 * that it can read at once.
 */
export async function opfsPages(): Promise<ImagePages | undefined> {
  if (typeof FileSystemFileHandle === "undefined") return undefined;
  if (!("createSyncAccessHandle" in FileSystemFileHandle.prototype)) return undefined;
  const root = await navigator.storage.getDirectory().catch(() => undefined);
  const folder = await root
    ?.getDirectoryHandle(IMAGE_FOLDER, { create: true })
    .catch(() => undefined);
  return folder && pagesIn(folder);
}

function pagesIn(folder: FileSystemDirectoryHandle): ImagePages {
  return {
    place: "opfs",

    async write(key, pages) {
      const file = await folder.getFileHandle(key, { create: true });
      const handle = await syncFile(file).createSyncAccessHandle();
      try {
        handle.truncate(0);
        if (handle.write(pages) !== pages.byteLength) throw full();
        handle.flush();
      } finally {
        handle.close();
      }
    },

    async read(key, bytes) {
      const file = await folder.getFileHandle(key).catch(unlessMissing);
      if (file === undefined) return undefined;
      const handle = await syncFile(file).createSyncAccessHandle({ mode: "read-only" });
      try {
        if (handle.getSize() !== bytes) return undefined;
        const pages = new Uint8Array(bytes);
        return handle.read(pages) === bytes ? pages : undefined;
      } finally {
        handle.close();
      }
    },

    async drop(key) {
      await folder.removeEntry(key).catch(unlessMissing);
    },

    async keys() {
      const keys: string[] = [];
      for await (const key of folder.keys()) keys.push(key);
      return keys;
    },
  };
}

function syncFile(file: FileSystemFileHandle): SyncFile {
  return file as FileSystemFileHandle & SyncFile;
}

function unlessMissing(error: unknown): undefined {
  if (!(error instanceof DOMException) || error.name !== "NotFoundError") throw error;
}

function full(): DOMException {
  return new DOMException("the file took only a part", "QuotaExceededError");
}
