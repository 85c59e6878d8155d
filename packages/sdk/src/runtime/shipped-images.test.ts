import { gzipSync } from "node:zlib";
import {
  architecture,
  type BareImage,
  commitToTensors,
  differenceFrom,
  digestPages,
  encodeBareImage,
  encodeImageDifference,
  IMAGE_FORMAT,
  type ImageFileRef,
  type RuntimeIndex,
  type ShippedImage,
  snapshot,
  type Variant,
  WASM_PAGE_BYTES,
} from "@selvedge/protocol";
import { expect, test } from "vitest";
import { pieceId, pieceKeys } from "../store/pieces.ts";
import { assembleImage, chooseImage } from "./shipped-images.ts";

const PACK = "aa".repeat(32);
const SETTINGS = { backend: "wasm" };
const AT = { segment: 0, offset: 0, length: 0 };

function file(bytes: number, digit: string): ImageFileRef {
  return { bytes, sha256: digit.repeat(64), at: { ...AT, length: bytes }, unpackedBytes: bytes };
}

const IMAGE: ShippedImage = {
  format: 1,
  runtime: { version: "1.30.0", wasm: "11".repeat(32), glue: "22".repeat(32) },
  madeOn: { host: "node", architecture: architecture() },
  settings: SETTINGS,
  bare: file(900_000, "b"),
  difference: file(300_000, "c"),
};

const VARIANT = {
  graph: file(10_000, "d"),
  tensors: [{ ...file(300_000, "e"), name: "w", dtype: "uint8", dims: [300_000] }],
  images: [IMAGE],
} as unknown as Variant;

const WASM = { parent: IMAGE.runtime.wasm, packs: [PACK], functions: 1 };
const INDEX: RuntimeIndex = {
  format: 1,
  version: "1.30.0",
  glue: { file: "glue.mjs", bytes: 1, sha256: IMAGE.runtime.glue },
  full: { file: "full.wasm", bytes: 14_000_000, sha256: IMAGE.runtime.wasm },
  run: { file: "run.wasm", bytes: 300_000, sha256: "44".repeat(32), ...WASM },
};

/** Asks for an image where the device holds nothing but some blobs. */
function choose(
  variant: Partial<Variant> = {},
  index: Partial<RuntimeIndex> = {},
  held: readonly string[] = [],
): Promise<ShippedImage> {
  return chooseImage({ ...VARIANT, ...variant } as Variant, {
    pack: PACK,
    index: { ...INDEX, ...index },
    settings: SETTINGS,
    missing: async (blobs) =>
      new Set(
        blobs
          .filter(({ sha256 }) => !held.includes(sha256))
          .flatMap(pieceKeys)
          .map(pieceId),
      ),
  });
}

const isTested = architecture() === "x86";

test.runIf(isTested)("an image of this runtime, with these options, is chosen", async () => {
  expect(await choose()).toBe(IMAGE);
  const other = { ...IMAGE, runtime: { ...IMAGE.runtime, version: "1.29.0" } };
  expect(await choose({ images: [other, IMAGE] })).toBe(IMAGE);
});

test.each<[what: string, variant: Partial<Variant>, index: Partial<RuntimeIndex>, why: RegExp]>([
  ["ships none", { images: [] }, {}, /no image of it ships/],
  ["has no wasm fitted to it", {}, { run: { ...INDEX.run, packs: [] } as never }, /not fitted/],
  ["is of another wasm", {}, { full: { ...INDEX.full, sha256: PACK } }, /another runtime/],
  ["is of another glue", {}, { glue: { ...INDEX.glue, sha256: PACK } }, /another runtime/],
  ["is of another version", {}, { version: "1.31.0" }, /another runtime/],
  [
    "has other options",
    { images: [{ ...IMAGE, settings: { ...SETTINGS, prepacking: false } }] },
    {},
    /other options/,
  ],
  [
    "is of another processor",
    { images: [{ ...IMAGE, madeOn: { host: "node", architecture: "other" } }] },
    {},
    /another processor/,
  ],
  [
    "is of another kind of host",
    { images: [{ ...IMAGE, madeOn: { host: "window", architecture: "x86" } }] },
    {},
    /another processor/,
  ],
])("none is chosen where the pack %s", async (_what, variant, index, why) => {
  await expect(choose(variant, index)).rejects.toThrow(why);
});

test.runIf(isTested)(
  "what is less to load is loaded, and what the device holds costs nothing",
  async () => {
    const load = { file: "l.wasm", bytes: 2_000_000, sha256: "55".repeat(32), ...WASM };
    await expect(choose({}, { load })).rejects.toThrow(/waking would take 1275000 bytes/);
    expect(await choose({}, { load }, [IMAGE.bare.sha256])).toBe(IMAGE);
    const { graph, tensors } = VARIANT;
    const held = [graph, ...tensors].map(({ sha256 }) => sha256);
    await expect(choose({}, { load }, [...held, IMAGE.bare.sha256])).resolves.toBe(IMAGE);
    await expect(choose({}, { load }, held)).rejects.toThrow(/loading 500000/);
  },
);

/** A runtime's memory, and what became of it, as files that ship. */
async function shipped() {
  const memory = new Uint8Array(2 * WASM_PAGE_BYTES).fill(7, 0, 9000);
  const bare: BareImage = { memoryBytes: memory.length, ...snapshot(memory.buffer) };
  memory.fill(9, 8000, 20_000);
  const { runs, pages } = snapshot(memory.buffer);
  const { changed, pages: differing } = differenceFrom(bare, memory.buffer);
  const answers = { y: { dtype: "float32", dims: [1], sha256: PACK } } as const;
  const head = {
    format: IMAGE_FORMAT,
    memoryBytes: memory.length,
    tableLength: 3,
    globals: { $0: 5 },
    runs,
    session: 4000,
    sha256: await digestPages(pages),
    answers,
    changed,
  } as const;
  const raw = [encodeBareImage(bare), encodeImageDifference({ head, pages: differing })] as const;
  const packed = raw.map((bytes) => new Uint8Array(gzipSync(bytes)).buffer);
  const [first, second] = raw;
  const image = {
    bare: { ...IMAGE.bare, unpackedBytes: first.length },
    difference: { ...IMAGE.difference, unpackedBytes: second.length },
  };
  return { image, packed, pages, answers };
}

test("two files become the image of the device, under its own key", async () => {
  const { image, packed, pages, answers } = await shipped();
  const key = "ab".repeat(32);
  const made = await assembleImage(image, packed, key);
  expect(made.pages).toEqual(pages);
  expect(made.head).toMatchObject({ key, session: 4000, globals: { $0: 5 } });
  expect(made.head.answers).toBe(await commitToTensors(key, answers));
  expect(made.head).not.toHaveProperty("changed");
});

test("what unpacks to more or less than was signed, or is cut, is refused", async () => {
  const { image, packed } = await shipped();
  const more = { ...image, bare: { ...image.bare, unpackedBytes: image.bare.unpackedBytes - 1 } };
  const less = { ...image, bare: { ...image.bare, unpackedBytes: image.bare.unpackedBytes + 1 } };
  await expect(assembleImage(more, packed, PACK)).rejects.toThrow(RangeError);
  await expect(assembleImage(less, packed, PACK)).rejects.toThrow(RangeError);
  const [bare = new ArrayBuffer(0), difference = new ArrayBuffer(0)] = packed;
  await expect(assembleImage(image, [bare.slice(0, -9), difference], PACK)).rejects.toThrow();
  await expect(assembleImage(image, [difference, bare], PACK)).rejects.toThrow();
});
