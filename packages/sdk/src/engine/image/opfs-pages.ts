import { PART_BYTES } from "@selvedge/protocol";
import { giveUp } from "../../store/give-up.ts";
import { IMAGE_FOLDER } from "../../store/images.ts";
import { type ImagePages, type OpenPages, partsOf } from "./image-pages.ts";

/** What workers have of files, which TypeScript's library for all kinds of place lacks. */
interface SyncFile {
  /** Several may read one file at once, where the browser knows the mode. */
  createSyncAccessHandle(options?: { readonly mode: "read-only" }): Promise<SyncHandle>;
}

interface SyncHandle {
  getSize(): number;
  read(into: Uint8Array): number;
  write(from: Uint8Array): number;
  truncate(bytes: number): void;
  flush(): void;
  close(): void;
}

/**
 * Keeps pages as files of the origin private file system; `undefined` where a worker has none, or none
 * that it can read at once.
 */
export async function opfsPages(): Promise<ImagePages | undefined> {
  if (typeof FileSystemFileHandle === "undefined") return undefined;
  if (!("createSyncAccessHandle" in FileSystemFileHandle.prototype)) return undefined;
  const root = await navigator.storage?.getDirectory?.().catch(() => undefined);
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

    async open(key, bytes) {
      const file = await folder.getFileHandle(key).catch(unless("NotFoundError"));
      if (file === undefined) return undefined;
      const handle = await syncFile(file)
        .createSyncAccessHandle({ mode: "read-only" })
        .catch(unless("NoModificationAllowedError"));
      return handle === undefined ? openBeside(file, bytes) : openAlone(handle, bytes);
    },

    async drop(key) {
      await folder.removeEntry(key).catch(unless("NotFoundError"));
    },

    async keys() {
      const keys: string[] = [];
      for await (const key of folder.keys()) keys.push(key);
      return keys;
    },
  };
}

function openAlone(handle: SyncHandle, bytes: number): OpenPages | undefined {
  let isOpen = true;
  const close = () => {
    if (isOpen) handle.close();
    isOpen = false;
  };
  if (handle.getSize() !== bytes) {
    close();
    return undefined;
  }
  return {
    *parts() {
      try {
        // One buffer for all of them: memory that is new costs more than what is read into it.
        const buffer = new Uint8Array(Math.min(bytes, PART_BYTES));
        for (let at = 0; at < bytes; at += buffer.length) {
          const part = buffer.subarray(0, Math.min(buffer.length, bytes - at));
          if (handle.read(part) !== part.length) return;
          yield part;
        }
      } finally {
        close();
      }
    },
    close,
  };
}

/**
 * Opens a file that another tab has open. Firefox and WebKit know no mode for several readers: two tabs
 * that open together would find no image.
 *
 * @throws Error where the other tab writes it: what does not fit then says nothing about the image.
 */
async function openBeside(handle: FileSystemFileHandle, bytes: number): Promise<OpenPages> {
  const file = await handle.getFile();
  const pages = new Uint8Array(await file.arrayBuffer());
  const { lastModified } = await handle.getFile();
  if (pages.byteLength !== bytes || lastModified !== file.lastModified)
    throw new Error("another tab writes the image");
  const close = () => giveUp(pages.buffer);
  return {
    *parts() {
      try {
        yield* partsOf(pages);
      } finally {
        close();
      }
    },
    close,
  };
}

function syncFile(file: FileSystemFileHandle): SyncFile {
  return file as FileSystemFileHandle & SyncFile;
}

/** Passes over a refusal of one name. */
function unless(name: string): (error: unknown) => undefined {
  return (error) => {
    if (!(error instanceof DOMException) || error.name !== name) throw error;
  };
}

function full(): DOMException {
  return new DOMException("the file took only a part", "QuotaExceededError");
}
