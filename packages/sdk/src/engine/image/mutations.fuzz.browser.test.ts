import { digestPages, formatImageHead, parseImageHead, sha256 } from "@selvedge/protocol";
import { beforeAll, beforeEach, expect, inject, test } from "vitest";
import { select } from "../../delivery/registry.fixture.ts";
import {
  damageBytes,
  damageRecord,
  damageText,
  pick,
  seededRandom,
} from "../../store/damage.fixture.ts";
import type { Database, ImageRecord } from "../../store/database.ts";
import { freshDatabase } from "../../store/fresh-database.fixture.ts";
import { planRuntime } from "./plan-runtime.ts";
import type { SoundImage } from "./read-image.ts";
import {
  hibernateOnce,
  installPack,
  knowIndex,
  putImage,
  type StoredImage,
  takeImage,
  tinyPack,
} from "./sleeper.fixture.ts";

declare module "vitest" {
  interface ProvidedContext {
    fuzzCases: number;
  }
}

/** How many single mutations are made; `npm run soak` asks for more. */
const CASES = inject("fuzzCases");

const RUNTIME = {
  assets: `${location.origin}/runtimes/whole/`,
  build: "wasm",
  engine: "onnx",
  isPatient: true,
} as const;

let database: Database;
let made: StoredImage;

beforeAll(async () => {
  database = await freshDatabase();
  await installPack(database, await tinyPack());
  await hibernateOnce("whole");
  made = await firstPagesOf(await takeImage(database));
  await knowIndex(database, "whole");
});

beforeEach(() => putImage(database, made));

/** An image of its first pages alone, sound in itself: all are checked alike, and fewer are written faster. */
async function firstPagesOf({ record, pages: all }: StoredImage): Promise<StoredImage> {
  const pages = all.slice(0, 2 ** 16);
  const written = parseImageHead(record.head);
  const [[offset] = [0]] = written.runs;
  const runs = [[offset, pages.byteLength]] as const;
  const head = formatImageHead({ ...written, runs, sha256: await digestPages(pages) });
  const headDigest = await sha256(new TextEncoder().encode(head));
  return { pages, record: { ...record, head, headDigest, bytes: pages.byteLength } };
}

/** What a worker would wake, and the memory that it was read into. */
interface Found extends SoundImage {
  readonly memory: WebAssembly.Memory;
}

async function found(): Promise<Found | undefined> {
  const request = { by: "selector", selector: select() } as const;
  const how = { backend: "wasm", wake: "run" } as const;
  const memory = new WebAssembly.Memory({ initial: 1 });
  const opening = { request, how, runtime: RUNTIME, memory: async () => memory };
  const plan = await planRuntime(database, opening);
  const image = await plan.toWake?.image.catch(() => undefined);
  return image && { ...image, memory };
}

/** Digests of all that an image has put into memory, and of what it would be held to. */
async function contentOf({ head, asleep, memory }: Found): Promise<string> {
  asleep.fill(memory);
  const { fill: _, ...rest } = asleep;
  const text = JSON.stringify([head, rest]);
  return (await sha256(memory.buffer)) + (await sha256(new TextEncoder().encode(text)));
}

test("the image that was written is found, and is what it was", async () => {
  const image = await found();
  expect(image?.head.key).toBe(made.record.key);
});

test(`of ${CASES} damaged images none is woken`, { timeout: 30_000 + CASES * 500 }, async () => {
  const right = await found();
  if (right === undefined) throw new Error("there is no image");
  const content = await contentOf(right);
  let harmless = 0;
  for (let index = 0; index < CASES; index++) {
    const random = seededRandom(1 + index * 7919);
    const { image, what } = damaged(random);
    await putImage(database, image);
    const woken = await found();
    // A date may be any other: what counts is that nothing which it puts into memory is.
    if (woken === undefined) continue;
    expect(await contentOf(woken), `case ${index}: ${what}`).toBe(content);
    harmless++;
  }
  expect(harmless).toBeLessThan(CASES / 10);
});

function damaged(random: () => number): { image: StoredImage; what: string } {
  const how = pick(random, ["pages", "pages", "head", "record"]);
  if (how === "pages") {
    const { bytes: pages, what } = damageBytes(made.pages, random);
    return { image: { ...made, pages }, what };
  }
  if (how === "record") {
    const { record, what } = damageRecord(made.record, random);
    // A record that has lost its key is one that is gone.
    const keyed = { ...record, key: made.record.key } as ImageRecord & { kind: "kept" };
    return { image: { ...made, record: keyed }, what };
  }
  const { text: head, what } = damageText(made.record.head, random);
  return { image: { ...made, record: { ...made.record, head } }, what: `head: ${what}` };
}
