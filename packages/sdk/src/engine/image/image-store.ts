import { SelvedgeError, sha256 } from "@selvedge/protocol";
import type { BarredImage, Database, ImageRecord, KeptImage } from "../../store/database.ts";
import { dropPages, forgetImages } from "../../store/images.ts";
import type { ImagePlace } from "../../worker/engine-api.ts";
import type { ImagePages } from "./image-pages.ts";
import { indexedDbPages } from "./indexeddb-pages.ts";
import { opfsPages } from "./opfs-pages.ts";
import { soundImage } from "./sound-image.ts";

const WRITING = {
  doing: "writing an engine down",
  stores: ["images"],
  mode: "readwrite",
} as const;

/** Where pages were put, and how long it took to read them there. */
export interface PlacedPages {
  readonly place: ImagePlace;
  readonly readMs: number;
}

/**
 * Stores an image: its pages where they are read faster on this device, and then its record. Whoever is
 * stopped before that leaves pages which nobody wakes, and which the next to write sweeps.
 *
 * @throws SelvedgeError `storage-full` and the like, `no-candidate` where its pack is gone; nothing is left of it then.
 */
export async function keepImage(
  database: Database,
  image: Pick<KeptImage, "key" | "pack" | "dtype" | "head">,
  pages: Uint8Array<ArrayBuffer>,
): Promise<PlacedPages> {
  const all = await allPages(database);
  const { key } = image;
  await forgetImages(database, (one) => one.pack === image.pack && one.dtype === image.dtype);
  await sweep(database, all);
  try {
    const placed = await writeWhereFaster(all, key, pages);
    const now = Date.now();
    const record: KeptImage = {
      ...image,
      kind: "kept",
      headDigest: await sha256(new TextEncoder().encode(image.head)),
      bytes: pages.byteLength,
      place: placed.place,
      madeAt: now,
      usedAt: now,
    };
    await putRecord(database, record);
    return placed;
  } catch (error) {
    await Promise.all(all.map((one) => dropFrom(one, key)));
    throw error;
  }
}

/** Makes pages an image, unless their pack was deleted meanwhile: nothing would ever delete it again. */
async function putRecord(database: Database, record: KeptImage): Promise<void> {
  const stores = ["images", "packs"] as const;
  await database.transact({ ...WRITING, stores }, async (transaction) => {
    if ((await transaction.objectStore("packs").count(record.pack)) === 0)
      throw new SelvedgeError("no-candidate", "The model was deleted meanwhile.");
    await transaction.objectStore("images").put(record);
  });
}

/**
 * Drops the image of a key, where there is one, and remembers why there is to be none.
 *
 * @param of what it is one of, where it was woken before it was kept
 */
export async function barImage(
  database: Database,
  { key, kind, reason }: Pick<BarredImage, "key" | "kind" | "reason">,
  of?: Pick<BarredImage, "pack" | "dtype">,
): Promise<void> {
  await database.transact(WRITING, async ({ store }) => {
    const image = soundImage(await store.get(key)) ?? of;
    if (image === undefined) return;
    const { pack, dtype } = image;
    await store.put({ key, pack, dtype, kind, reason, madeAt: Date.now() });
  });
  // What cannot be dropped just then is swept by the next to write.
  await dropPages(database, key).catch(() => undefined);
}

/** Why nothing of a key is to be woken or written; `undefined` where it may be. */
export async function quarantineOf(database: Database, key: string): Promise<string | undefined> {
  const known = (await allImages(database)).find((one) => one.key === key);
  return known?.kind === "quarantined" ? known.reason : undefined;
}

/** Every image there is, and every key that is barred. */
export async function allImages(database: Database): Promise<ImageRecord[]> {
  const stored = await database.read(
    { doing: "looking for images of engines", stores: ["images"], nothing: [] },
    ({ store }) => store.getAll(),
  );
  return stored.flatMap((one) => soundImage(one) ?? []);
}

/** Where the pages of an image are. */
export async function pagesAt(database: Database, place: ImagePlace): Promise<ImagePages> {
  const pages = place === "indexeddb" ? indexedDbPages(database) : await opfsPages();
  if (pages === undefined) throw new Error("this browser keeps no files any more");
  return pages;
}

async function allPages(database: Database): Promise<readonly ImagePages[]> {
  const files = await opfsPages();
  return files === undefined ? [indexedDbPages(database)] : [indexedDbPages(database), files];
}

/** A file that another tab reads just then cannot be dropped: the next to write sweeps it. */
async function dropFrom(pages: ImagePages, key: string): Promise<void> {
  await pages.drop(key).catch(() => undefined);
}

/** Drops pages that belong to no image: of one that was never finished. */
async function sweep(database: Database, all: readonly ImagePages[]): Promise<void> {
  const images = await allImages(database);
  for (const pages of all) {
    const isKept = (key: string) =>
      images.some((one) => one.kind === "kept" && one.key === key && one.place === pages.place);
    for (const key of await pages.keys()) if (!isKept(key)) await dropFrom(pages, key);
  }
}

/** Writes pages to every place, reads them back, and leaves them where that took less. */
async function writeWhereFaster(
  all: readonly ImagePages[],
  key: string,
  pages: Uint8Array<ArrayBuffer>,
): Promise<PlacedPages> {
  let best: { readonly at: ImagePages; readonly readMs: number } | undefined;
  let refusal: unknown;
  for (const at of all) {
    try {
      await at.write(key, pages);
      const readMs = await timeRead(at, key, pages.byteLength);
      if (best === undefined || readMs < best.readMs) {
        if (best !== undefined) await dropFrom(best.at, key);
        best = { at, readMs };
      } else await dropFrom(at, key);
    } catch (error) {
      refusal ??= error;
      await dropFrom(at, key);
    }
  }
  if (best === undefined) throw refusal;
  return { place: best.at.place, readMs: best.readMs };
}

async function timeRead(at: ImagePages, key: string, bytes: number): Promise<number> {
  const startedAt = performance.now();
  const pages = await at.open(key, bytes);
  let read = 0;
  for (const part of pages?.parts() ?? []) read += part.length;
  if (read !== bytes) throw new Error("what was written could not be read again");
  return performance.now() - startedAt;
}
