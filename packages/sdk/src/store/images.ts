import type { Database, ImageRecord } from "./database.ts";
import { IMAGES_LOCK } from "./images-lock.ts";
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
  if (gone.length > 0) await dropFiles((key) => gone.includes(key));
}

/** Deletes all images, and pages that are of none: a tab that was killed while it wrote has left them. */
export async function clearImages(database: Database): Promise<void> {
  await database.transact(
    { doing: "dropping images of engines", stores: ["images"], mode: "readwrite" },
    ({ store }) => store.clear(),
  );
  await dropOrphans(database);
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
  await dropFiles((file) => file === key);
}

/** The records of an image's pages. A list sorts after every number. */
export function pagesOf(key: string): IDBKeyRange {
  return IDBKeyRange.bound([key], [key, []]);
}

/**
 * Deletes the images of packs that answer for nothing any more. One that is stored may do so again: what
 * is quarantined of it stays so.
 */
export async function tidyImages(database: Database): Promise<void> {
  const stores = ["activations", "packs"] as const;
  const [activations, packs] = await database.read(
    { doing: "looking for what answers", stores, nothing: [[], []] },
    (transaction) =>
      Promise.all([
        (async () => transaction.objectStore("activations").getAll())(),
        (async () => transaction.objectStore("packs").getAllKeys())(),
      ]),
  );
  const current = new Set(activations.map((one) => soundActivation(one)?.current.digest));
  const stored = new Set(packs);
  await dropImages(
    database,
    ({ pack, kind }) => !current.has(pack) && !(kind === "quarantined" && stored.has(pack)),
  );
  // Those that a tab writes now are no orphans; where there are no locks, none is written.
  if ("locks" in navigator)
    await navigator.locks.request(IMAGES_LOCK, { ifAvailable: true }, async (lock) => {
      if (lock !== null) await dropOrphans(database);
    });
}

/** Deletes pages that are of no image: a tab that was killed while it wrote has left them. */
async function dropOrphans(database: Database): Promise<void> {
  const kept = new Set((await listImages(database)).map(({ key }) => key));
  await database.transact(
    { doing: "dropping images of engines", stores: ["imagePages"], mode: "readwrite" },
    async ({ store }) => {
      for (const page of await store.getAllKeys()) if (!kept.has(page[0])) await store.delete(page);
    },
  );
  await dropFiles((key) => !kept.has(key));
}

/** One that another tab reads just then stays, until the next that looks for orphans. */
async function dropFiles(isMeant: (key: string) => boolean): Promise<void> {
  try {
    const root = await navigator.storage.getDirectory();
    const folder = await root.getDirectoryHandle(IMAGE_FOLDER);
    const keys: string[] = [];
    for await (const key of folder.keys()) if (isMeant(key)) keys.push(key);
    await Promise.all(keys.map((key) => folder.removeEntry(key).catch(() => undefined)));
  } catch {
    // There are none, or the browser keeps no files.
  }
}

function isCount(value: unknown): value is number {
  return typeof value === "number" && Number.isFinite(value) && value >= 0;
}
