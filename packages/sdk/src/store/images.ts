import type { Database, ImageRecord } from "./database.ts";
import { soundActivation } from "./sound-record.ts";

/** Where the pages of images are that are kept as files. */
export const IMAGE_FOLDER = "selvedge-images";

/** An image of an engine, as what counts and evicts sees it. */
export interface StoredImage {
  readonly key: string;
  /** Digest of the pack. */
  readonly pack: string;
  readonly bytes: number;
  /** Milliseconds since 1970. */
  readonly usedAt: number;
}

/** What takes room, of records that may have been damaged. */
export function keptImages(stored: readonly ImageRecord[]): StoredImage[] {
  return stored.flatMap((one) => {
    const { key, pack } = one;
    const { bytes, usedAt }: { bytes?: unknown; usedAt?: unknown } = one.kind === "kept" ? one : {};
    const isKept = typeof key === "string" && typeof pack === "string";
    return isKept && isCount(bytes)
      ? [{ key, pack, bytes, usedAt: isCount(usedAt) ? usedAt : 0 }]
      : [];
  });
}

/** Every image that takes room. */
export function listImages(database: Database): Promise<StoredImage[]> {
  return database.read(
    { doing: "looking for images of engines", stores: ["images"], nothing: [] },
    async ({ store }) => keptImages(await store.getAll()),
  );
}

/** What is said of each image where some are to be deleted. */
type Named = Pick<ImageRecord, "key" | "pack" | "dtype" | "kind">;

/**
 * Deletes images, and what is remembered of those that are not to be made. A page that has woken one goes
 * on: its memory holds all of it.
 */
export async function dropImages(
  database: Database,
  isMeant: (image: Named) => boolean,
): Promise<void> {
  const gone = await database.transact(
    {
      doing: "dropping images of engines",
      stores: ["images", "imagePages"],
      mode: "readwrite",
    },
    async (transaction) => {
      const images = transaction.objectStore("images");
      const keys = (await images.getAll()).filter(isMeant).map(({ key }) => key);
      const pages = transaction.objectStore("imagePages");
      await Promise.all([
        ...keys.map(async (key) => images.delete(key)),
        ...keys.map(async (key) => pages.delete(pagesOf(key))),
      ]);
      return keys;
    },
  );
  if (gone.length > 0) await dropFiles(gone);
}

/** Deletes all images, and pages that are of none: a tab that was killed while it wrote has left them. */
export async function clearImages(database: Database): Promise<void> {
  const stores = ["images", "imagePages"] as const;
  await database.transact(
    { doing: "dropping images of engines", stores, mode: "readwrite" },
    (transaction) =>
      Promise.all(stores.map(async (store) => transaction.objectStore(store).clear())),
  );
  try {
    const root = await navigator.storage.getDirectory();
    await root.removeEntry(IMAGE_FOLDER, { recursive: true });
  } catch {
    // There is none, the browser keeps no files, or a tab reads one: the next image sweeps that.
  }
}

/** Deletes images, but no quarantine: what was made under its key must not be made again. */
export function forgetImages(
  database: Database,
  isMeant: (image: Named) => boolean,
): Promise<void> {
  return dropImages(database, (image) => image.kind !== "quarantined" && isMeant(image));
}

/** Deletes an image's pages, wherever they are. Without a record they are nothing. */
export async function dropPages(database: Database, key: string): Promise<void> {
  await database.transact(
    { doing: "dropping an image", stores: ["imagePages"], mode: "readwrite" },
    ({ store }) => store.delete(pagesOf(key)),
  );
  await dropFiles([key]);
}

/** The records of an image's pages. A list sorts after every number. */
export function pagesOf(key: string): IDBKeyRange {
  return IDBKeyRange.bound([key], [key, []]);
}

/** Deletes the images of packs that answer for nothing any more. */
export async function tidyImages(database: Database): Promise<void> {
  const activations = await database.read(
    { doing: "looking for what answers", stores: ["activations"], nothing: [] },
    ({ store }) => store.getAll(),
  );
  const current = new Set(activations.map((one) => soundActivation(one)?.current.digest));
  await dropImages(database, ({ pack }) => !current.has(pack));
}

/** What is left of a file without a record is swept with the next image that is made. */
async function dropFiles(keys: readonly string[]): Promise<void> {
  try {
    const root = await navigator.storage.getDirectory();
    const folder = await root.getDirectoryHandle(IMAGE_FOLDER);
    await Promise.all(keys.map((key) => folder.removeEntry(key).catch(() => undefined)));
  } catch {
    // There are none, or the browser keeps no files.
  }
}

function isCount(value: unknown): value is number {
  return typeof value === "number" && Number.isFinite(value) && value >= 0;
}
