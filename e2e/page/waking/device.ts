/** What images are kept with on a device, for tests that look at it, put it back, or spoil it. */
const STORES = ["images", "imagePages", "runtimes", "verdicts"] as const;
type StoreName = (typeof STORES)[number];

const FOLDER = "selvedge-images";
/** What pages know of images, runtimes, and what the store has. */
const HINT = /^selvedge\.(image|load|stored|wasm) /;

/** A copy of all of it, which other pages of the device can be given back. */
export interface DeviceCopy {
  readonly records: readonly (readonly [StoreName, IDBValidKey, unknown])[];
  readonly files: readonly (readonly [name: string, bytes: ArrayBuffer])[];
  readonly hints: readonly (readonly [name: string, value: string])[];
}

/** The record of an image, as it is stored. */
export interface ImageFound {
  readonly key: string;
  /** Digest of the pack. */
  readonly pack: string;
  readonly kind: "kept" | "quarantined" | "not worth it";
  readonly reason?: string;
  readonly head: string;
  readonly headDigest: string;
  readonly bytes: number;
  readonly place: "indexeddb" | "opfs";
}

export async function copyDevice(): Promise<DeviceCopy> {
  const records = await readRecords();
  const files: DeviceCopy["files"][number][] = [];
  for await (const [name, handle] of (await filesFolder())?.entries() ?? [])
    files.push([name, await (await (handle as FileSystemFileHandle).getFile()).arrayBuffer()]);
  const hints = Object.entries(localStorage).filter(([name]) => HINT.test(name));
  return { records, files, hints };
}

async function readRecords(): Promise<DeviceCopy["records"]> {
  const records: DeviceCopy["records"][number][] = [];
  await transact("readonly", (store) => {
    const cursor = store.openCursor();
    cursor.onsuccess = () => {
      if (cursor.result === null) return;
      const { key, value } = cursor.result;
      records.push([store.name as StoreName, key, value]);
      cursor.result.continue();
    };
  });
  return records;
}

/** Makes the device what it was, as far as images go. */
export async function putBack({ records, files, hints }: DeviceCopy): Promise<void> {
  await transact("readwrite", (store) => {
    store.clear();
    for (const [name, key, value] of records)
      if (name === store.name) store.put(value, ...(store.keyPath === null ? [key] : []));
  });
  const folder = await filesFolder();
  const gone: string[] = [];
  for await (const name of folder?.keys() ?? []) gone.push(name);
  for (const name of gone) await folder?.removeEntry(name);
  for (const [name, bytes] of files) await writeFile(name, bytes);
  forgetHints();
  for (const [name, value] of hints) localStorage.setItem(name, value);
}

/** Without a hint nothing is woken: the next load is one as if there were no image. */
export function forgetHints(): void {
  for (const name of Object.keys(localStorage)) if (HINT.test(name)) localStorage.removeItem(name);
}

/** Lets pages believe that there is an image of a model. */
export function hint(model: string): void {
  localStorage.setItem(`selvedge.image ${model}`, "run");
}

/** Every image that is kept, and every key that is barred. */
export async function images(): Promise<ImageFound[]> {
  const records = await readRecords();
  return records.filter(([store]) => store === "images").map(([, , value]) => value as ImageFound);
}

/** What the device found out about the image of the model. */
export async function imageVerdict(): Promise<{ image: string; reason: string } | undefined> {
  const records = await readRecords();
  const verdicts = records.filter(([store]) => store === "verdicts").map(([, , value]) => value);
  return verdicts.find(isOfImage);
}

/** Lets the device find it out once more. */
export async function forgetImages(): Promise<void> {
  await transact("readwrite", (store) => {
    if (store.name === "images") store.clear();
    if (store.name !== "verdicts") return;
    const cursor = store.openCursor();
    cursor.onsuccess = () => {
      if (cursor.result === null) return;
      if (isOfImage(cursor.result.value)) cursor.result.delete();
      cursor.result.continue();
    };
  });
}

function isOfImage(verdict: unknown): verdict is { image: string; reason: string } {
  return String((verdict as { candidate?: unknown }).candidate).startsWith("image ");
}

/** Takes every byte of every pack from the device, as a browser does that needs room. */
export function evictPieces(): Promise<void> {
  return onPieces("readwrite", (pieces) => pieces.clear());
}

/** How many pieces of packs there are. */
export function countPieces(): Promise<number> {
  return onPieces("readonly", (pieces) => pieces.count());
}

/** Changes the record of each image. */
export async function changeRecords(
  change: (image: ImageFound) => ImageFound | Promise<ImageFound>,
): Promise<void> {
  const changed = await Promise.all((await images()).map(change));
  await transact("readwrite", (store) => {
    if (store.name === "images") for (const image of changed) store.put(image);
  });
}

/** Changes the head of each image, and what is said of the head's digest. */
export function changeHeads(
  change: (head: Readonly<Record<string, unknown>>) => object,
): Promise<void> {
  return changeRecords(async (image) => {
    const head = JSON.stringify(change(JSON.parse(image.head)));
    return { ...image, head, headDigest: await sha256(new TextEncoder().encode(head)) };
  });
}

/** Changes the pages of each image, wherever they are kept. */
export async function changePages(change: (pages: Uint8Array) => Uint8Array): Promise<void> {
  for (const { key, place } of await images()) {
    const pages = change(await pagesOf(key)).slice();
    if (place === "opfs") await writeFile(key, pages.buffer);
    else await writeRecords(key, pages);
  }
}

/** Flips a bit of each image's pages. @param place from 0, the first byte, to 1, the last */
export function flipBit(place: number): Promise<void> {
  return changePages((pages) => {
    const at = Math.round(place * (pages.length - 1));
    pages[at] = (pages[at] ?? 0) ^ 4;
    return pages;
  });
}

/** All pages of an image, one after the other. */
export async function pagesOf(image: string): Promise<Uint8Array> {
  const { records, files } = await copyDevice();
  const parts = records
    .filter(([store, key]) => store === "imagePages" && (key as unknown[])[0] === image)
    .map(([, , value]) => value as ArrayBuffer);
  const all = [...parts, ...files.filter(([name]) => name === image).map(([, bytes]) => bytes)];
  return new Uint8Array(await new Blob(all).arrayBuffer());
}

/** What is known of the runtimes that the host has. */
export async function indexes(): Promise<string[]> {
  const found = (await readRecords()).filter(([store]) => store === "runtimes");
  return found.map(([, , value]) => (value as { readonly text: string }).text);
}

/** Changes what is known of the runtimes that the host has, and its digest. */
export async function changeIndex(
  change: (index: Readonly<Record<string, unknown>>) => object,
): Promise<void> {
  const found = (await readRecords()).filter(([store]) => store === "runtimes");
  const changed = await Promise.all(
    found.map(async ([, key, value]) => {
      const record = value as { readonly text: string };
      const text = JSON.stringify(change(JSON.parse(record.text)));
      const digest = await sha256(new TextEncoder().encode(text));
      return { key, record: { ...record, text, digest } };
    }),
  );
  await transact("readwrite", (store) => {
    if (store.name !== "runtimes") return;
    for (const { key, record } of changed) store.put(record, key);
  });
}

/** Changes what is remembered of how sessions are best created. */
export async function changeSettings(settings: object): Promise<void> {
  await transact("readwrite", (store) => {
    if (store.name !== "verdicts") return;
    const cursor = store.openCursor();
    cursor.onsuccess = () => {
      if (cursor.result === null) return;
      const verdict = cursor.result.value;
      if (verdict.candidate.startsWith("settings ")) cursor.result.update({ ...verdict, settings });
      cursor.result.continue();
    };
  });
}

/** The bytes that a device keeps of images: pages, heads, and what is remembered of both. */
export async function everyByte(): Promise<Uint8Array> {
  const { records, files } = await copyDevice();
  const ofImages = records.filter(([store]) => store === "images" || store === "imagePages");
  const texts = ofImages.map(([, , value]) =>
    value instanceof ArrayBuffer ? value : JSON.stringify(value),
  );
  const all = await new Blob([...texts, ...files.map(([, bytes]) => bytes)]).arrayBuffer();
  return new Uint8Array(all);
}

async function sha256(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** As records of 4 MiB. */
async function writeRecords(key: string, pages: Uint8Array<ArrayBuffer>): Promise<void> {
  const size = 4 * 2 ** 20;
  await transact("readwrite", (store) => {
    if (store.name !== "imagePages") return;
    store.delete(IDBKeyRange.bound([key], [key, []]));
    for (let at = 0; at * size < pages.length; at++)
      store.put(pages.slice(at * size, (at + 1) * size).buffer, [key, at]);
  });
}

/**
 * Keeps the image as a file and lets nobody else open that at once: as Firefox and WebKit do while a tab
 * reads it.
 *
 * @returns what ends that; `undefined` where the browser keeps no files
 */
export async function openImage(): Promise<(() => void) | undefined> {
  const [image] = await images();
  if (image === undefined || (await filesFolder()) === undefined) return undefined;
  await writeFile(image.key, (await pagesOf(image.key)).slice().buffer);
  await changeRecords((record) => ({ ...record, place: "opfs" }));
  const script = `
    const root = await navigator.storage.getDirectory();
    const folder = await root.getDirectoryHandle("${FOLDER}");
    const file = await folder.getFileHandle("${image.key}");
    self.handle = await file.createSyncAccessHandle();
    onmessage = () => handle.close();
    postMessage("open");`;
  const url = URL.createObjectURL(new Blob([script], { type: "text/javascript" }));
  const reader = new Worker(url, { type: "module" });
  await new Promise((resolve) => reader.addEventListener("message", resolve));
  return () => reader.postMessage("close");
}

async function writeFile(name: string, bytes: ArrayBuffer): Promise<void> {
  const file = await (await filesFolder())?.getFileHandle(name, { create: true });
  const writable = await file?.createWritable();
  await writable?.write(bytes);
  await writable?.close();
}

/** `undefined` where the browser keeps no files, as WebKitGTK. */
async function filesFolder(): Promise<FileSystemDirectoryHandle | undefined> {
  const root = await navigator.storage?.getDirectory?.();
  return root?.getDirectoryHandle(FOLDER, { create: true });
}

async function onPieces<Result>(
  mode: IDBTransactionMode,
  ask: (pieces: IDBObjectStore) => IDBRequest<Result>,
): Promise<Result> {
  const database = await settled(indexedDB.open("selvedge"));
  const answer = await settled(ask(database.transaction("pieces", mode).objectStore("pieces")));
  database.close();
  return answer;
}

function settled<Result>(request: IDBRequest<Result>): Promise<Result> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

/** Does something with each of the stores, in one transaction. */
function transact(mode: IDBTransactionMode, run: (store: IDBObjectStore) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    const opening = indexedDB.open("selvedge");
    opening.onerror = () => reject(opening.error);
    opening.onsuccess = () => {
      const { result: database } = opening;
      const transaction = database.transaction(STORES, mode);
      transaction.oncomplete = () => {
        database.close();
        resolve();
      };
      transaction.onabort = () => reject(transaction.error);
      for (const name of STORES) run(transaction.objectStore(name));
    };
  });
}
