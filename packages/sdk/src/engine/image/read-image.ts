import {
  type ImageHead,
  parseImageHead,
  restore,
  sha256,
  type WakingFacts,
} from "@selvedge/protocol";
import type { Asleep } from "../../runtime/glue-shim.ts";
import type { Database, KeptImage } from "../../store/database.ts";
import { giveUp } from "../../store/give-up.ts";
import { barImage, forgetImages, pagesAt } from "./image-store.ts";

/** An image that is what it was when it was written. */
export interface SoundImage {
  readonly head: ImageHead;
  readonly bytes: number;
  /** Milliseconds, digests included. */
  readonly readMs: number;
  readonly asleep: Asleep;
  /** Milliseconds that it took to put the pages into memory; 0 until then. */
  readonly restoreMs: number;
}

/**
 * Reads an image and checks that every byte of it is as it was written. One that is not is dropped, and
 * its key is quarantined; one of which something is gone is only dropped.
 *
 * @throws Error saying what is wrong with it
 */
export async function readImage(
  database: Database,
  image: KeptImage,
  facts: WakingFacts,
): Promise<SoundImage> {
  const startedAt = performance.now();
  const { key } = image;
  const quarantine = async (reason: string): Promise<never> => {
    await barImage(database, { key, kind: "quarantined", reason }).catch(() => undefined);
    throw new Error(reason);
  };
  const drop = async (reason: string): Promise<never> => {
    await forgetImages(database, (one) => one.key === key).catch(() => undefined);
    throw new Error(reason);
  };
  const stored = await pagesAt(database, image.place);
  const [pages, digest] = await Promise.all([
    stored.read(key, image.bytes),
    sha256(new TextEncoder().encode(image.head)),
  ]);
  if (digest !== image.headDigest) return quarantine("the image's head is not what was written");
  const head = parseImageHead(image.head);
  if (head.key !== key) return quarantine("the image is one of something else");
  if (pages === undefined) return drop("some of the image is gone");
  if ((await sha256(pages)) !== head.sha256)
    return quarantine("the image's pages are not what was written");
  touch(database, key).catch(() => undefined);
  return soundImageOf({ head, pages }, facts, performance.now() - startedAt);
}

/** What wakes from an image of which every byte is known to be right. */
export function soundImageOf(
  { head, pages }: { readonly head: ImageHead; readonly pages: Uint8Array<ArrayBuffer> },
  facts: WakingFacts,
  readMs: number,
): SoundImage {
  const bytes = pages.byteLength;
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
    bytes,
    readMs,
    asleep: { ...asleepFrom(head, facts), fill },
    get restoreMs() {
      return restoreMs;
    },
  };
}

function asleepFrom(head: ImageHead, facts: WakingFacts): Omit<Asleep, "fill"> {
  const globals = new Map(
    Object.entries(head.globals).map(([name, value]): [string, number | bigint] => [
      name,
      typeof value === "string" ? BigInt(value) : value,
    ]),
  );
  // What it runs in is for it to find here: it may have been written down elsewhere.
  globals.set(facts.host.isMainThread, 0);
  globals.set(facts.host.mayWait, 1);
  const missing = facts.globals.filter((name) => !globals.has(name));
  if (missing.length > 0 || globals.size !== facts.globals.length)
    throw new Error("the image has other globals than the runtime");
  return {
    memoryBytes: head.memoryBytes,
    globals: Object.fromEntries(globals),
    constructors: facts.constructors,
    table: facts.table,
    tableLength: head.tableLength,
    session: head.session,
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
