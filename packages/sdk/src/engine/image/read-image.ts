import {
  type AsleepRuntime,
  asleepFrom,
  type ImageHead,
  parseImageHead,
  restore,
  restoring,
  sha256,
  WASM_PAGE_BYTES,
  type WakingFacts,
} from "@selvedge/protocol";
import type { Database, KeptImage } from "../../store/database.ts";
import { giveUp } from "../../store/give-up.ts";
import { forgetImages } from "../../store/images.ts";
import type { ImageAt } from "../../worker/engine-api.ts";
import { barImage } from "./image-store.ts";
import { type EarlyPages, openPages, readPages } from "./read-pages.ts";

/** An image that is what it was when it was written. */
export interface SoundImage {
  readonly head: ImageHead;
  readonly at: ImageAt;
  /** Milliseconds, digests included; what the runtime's scripts took is not. */
  readonly readMs: number;
  readonly asleep: AsleepRuntime;
  /** Milliseconds that it took to put the pages into memory; 0 until then. */
  readonly restoreMs: number;
  /** Frees what holds its pages, where nothing is woken from it. */
  readonly letGo: () => void;
}

/** An image is not what was written, and has been quarantined. */
export class DamagedImage extends Error {}

/** How an image is read. */
export interface Reading {
  readonly facts: WakingFacts;
  /** The memory that it is to have, zero so far: nobody else may use it, whatever comes of this. */
  readonly memory: () => Promise<WebAssembly.Memory>;
  readonly early?: EarlyPages | undefined;
}

/**
 * Reads an image into the memory that it wakes in, and checks that every byte of it is as it was written.
 * One that is not is dropped, and its key is quarantined; one of which something is gone is only dropped.
 *
 * @throws DamagedImage, or an Error saying what is gone
 */
export async function readImage(
  database: Database,
  image: KeptImage,
  { facts, memory: given, early }: Reading,
): Promise<SoundImage> {
  const { key } = image;
  const opening = openPages(database, image, early);
  // Where it rejects, that is said once it is waited for.
  opening.catch(() => undefined);
  const close = async () => (await opening.catch(() => undefined))?.close();
  const quarantine = async (reason: string): Promise<never> => {
    // What is open cannot be deleted.
    await close();
    await barImage(database, { key, kind: "quarantined", reason }).catch(() => undefined);
    throw new DamagedImage(reason);
  };
  const drop = async (reason: string): Promise<never> => {
    await forgetImages(database, (one) => one.key === key).catch(() => undefined);
    throw new Error(reason);
  };
  const prepare = async () => {
    const digest = await sha256(new TextEncoder().encode(image.head));
    if (digest !== image.headDigest) return quarantine("the image's head is not what was written");
    const head = parseImageHead(image.head);
    if (head.key !== key) return quarantine("the image is one of something else");
    const memory = await given();
    growTo(memory, head.memoryBytes);
    return { head, memory };
  };
  const { head, memory } = await prepare().catch(async (error: unknown) => {
    await close();
    throw error;
  });
  const readFrom = performance.now();
  const put = timed(restoring(memory.buffer, head));
  const found = await readPages(await opening, image.bytes, put.run);
  if (found === undefined) return drop("some of the image is gone");
  if (found !== head.sha256) return quarantine("the image's pages are not what was written");
  touch(database, key).catch(() => undefined);
  const at = { key, place: image.place, bytes: image.bytes };
  const restoreMs = put.milliseconds;
  const readMs = performance.now() - readFrom - restoreMs;
  return { head, at, readMs, restoreMs, ...wokenIn(memory, asleepFrom(head, facts)) };
}

/** What wakes in a memory that holds its image already, and lets that go where nothing wakes in it. */
function wokenIn(
  memory: WebAssembly.Memory,
  state: Omit<AsleepRuntime, "fill" | "memory">,
): Pick<SoundImage, "asleep" | "letGo"> {
  let held: WebAssembly.Memory | undefined = memory;
  return {
    asleep: {
      ...state,
      get memory() {
        return held;
      },
      fill(woken) {
        if (woken !== held) throw new Error("The image was read into another memory.");
      },
    },
    letGo() {
      held = undefined;
    },
  };
}

function growTo(memory: WebAssembly.Memory, bytes: number): void {
  const missing = bytes - memory.buffer.byteLength;
  if (missing > 0) memory.grow(missing / WASM_PAGE_BYTES);
}

/** Measures how long something takes, all its runs together. */
function timed<T>(run: (value: T) => void) {
  let milliseconds = 0;
  return {
    run(value: T) {
      const from = performance.now();
      run(value);
      milliseconds += performance.now() - from;
    },
    get milliseconds() {
      return milliseconds;
    },
  };
}

/** What wakes from an image of which every byte is known to be right. */
export function soundImageOf(
  {
    head,
    pages,
    at,
  }: Pick<SoundImage, "head" | "at"> & { readonly pages: Uint8Array<ArrayBuffer> },
  facts: WakingFacts,
  readMs: number,
): SoundImage {
  let restoreMs = 0;
  const fill = (memory: WebAssembly.Memory) => {
    const from = performance.now();
    restore(memory.buffer, head, pages);
    // An engine is woken once, and its worker lives on: it must not hold its memory twice.
    giveUp(pages.buffer);
    restoreMs = performance.now() - from;
  };
  return {
    head,
    at,
    readMs,
    asleep: { ...asleepFrom(head, facts), fill },
    get restoreMs() {
      return restoreMs;
    },
    letGo: () => giveUp(pages.buffer),
  };
}

async function touch(database: Database, key: string): Promise<void> {
  await database.transact(
    { doing: "using an image", stores: ["images"], mode: "readwrite" },
    async ({ store }) => {
      const record = await store.get(key);
      if (record?.kind === "kept") await store.put({ ...record, usedAt: Date.now() });
    },
  );
}
