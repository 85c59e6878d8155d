import fc from "fast-check";
import { expect, test } from "vitest";
import { differenceFrom, putTogether } from "./image-difference.ts";
import { IMAGE_FORMAT, IMAGE_PAGE_BYTES, WASM_PAGE_BYTES } from "./memory-image.ts";
import { digestPages } from "./pages-digest.ts";
import {
  encodeBareImage,
  encodeImageDifference,
  parseBareImage,
  parseImageDifference,
} from "./shipped-image.ts";
import { snapshot } from "./snapshot.ts";

type Writes = readonly (readonly [at: number, value: number])[];

const writes = (bytes: number) =>
  fc.array(fc.tuple(fc.nat(bytes - 1), fc.nat(255)), { maxLength: 40 });

function memoryWith(bytes: number, ...all: Writes[]): ArrayBuffer {
  const memory = new Uint8Array(bytes);
  for (const [at, value] of all.flat()) memory[at] = value;
  return memory.buffer;
}

async function headOf(memory: ArrayBuffer) {
  const { runs, pages } = snapshot(memory);
  const head = {
    format: IMAGE_FORMAT,
    memoryBytes: memory.byteLength,
    tableLength: 3,
    globals: { $1: 2, $2: "-9007199254740993" },
    runs,
    session: 1024,
    sha256: await digestPages(pages),
    answers: { y: { dtype: "float32", dims: [1], sha256: "ab".repeat(32) } },
  } as const;
  return { head, pages };
}

test("an image is put together from the bare one and its difference, whatever changed", async () => {
  const sizes = [2 * WASM_PAGE_BYTES, 3 * WASM_PAGE_BYTES] as const;
  await fc.assert(
    fc.asyncProperty(writes(sizes[0]), writes(sizes[1]), async (before, after) => {
      const first = memoryWith(sizes[0], before);
      const bare = { memoryBytes: first.byteLength, ...snapshot(first) };
      const memory = memoryWith(sizes[1], before, after);
      const { changed, pages: differing } = differenceFrom(bare, memory);
      const { head, pages } = await headOf(memory);
      const difference = { head: { ...head, changed }, pages: differing };
      const files = [
        parseBareImage(encodeBareImage(bare)),
        parseImageDifference(encodeImageDifference(difference)),
      ] as const;
      expect(files[1].head).toEqual(difference.head);
      // Compared as bytes: `toEqual` looks at each for itself.
      expect(Buffer.compare(await putTogether(...files), pages)).toBe(0);
    }),
    { numRuns: 50 },
  );
});

test("what did not change is no part of a difference", () => {
  const memory = memoryWith(2 * WASM_PAGE_BYTES, [
    [5, 1],
    [70_000, 2],
  ]);
  const bare = { memoryBytes: memory.byteLength, ...snapshot(memory) };
  new Uint8Array(memory)[70_000] = 3;
  const { changed, pages } = differenceFrom(bare, memory);
  const page = Math.floor(70_000 / IMAGE_PAGE_BYTES) * IMAGE_PAGE_BYTES;
  expect(changed).toEqual([[page, IMAGE_PAGE_BYTES]]);
  expect(pages.filter((byte) => byte !== 0)).toEqual(Uint8Array.of(1));
});

test("a difference to another bare image is refused", async () => {
  const memory = memoryWith(2 * WASM_PAGE_BYTES, [[5, 1]]);
  const bare = { memoryBytes: memory.byteLength, ...snapshot(memory) };
  const grown = memoryWith(2 * WASM_PAGE_BYTES, [
    [5, 1],
    [9000, 4],
  ]);
  const { changed, pages } = differenceFrom(bare, grown);
  const { head } = await headOf(grown);
  const other = { ...bare, pages: bare.pages.map((byte) => byte ^ 8) };
  await expect(putTogether(other, { head: { ...head, changed }, pages })).rejects.toMatchObject({
    code: "integrity",
  });
});

test("a head that asks for far more than it brings is refused before there is room for it", async () => {
  const memory = memoryWith(2 * WASM_PAGE_BYTES, [[5, 1]]);
  const bare = { memoryBytes: memory.byteLength, ...snapshot(memory) };
  const { head } = await headOf(memory);
  const greedy = { ...head, memoryBytes: 2 ** 32, runs: [[0, 2 ** 32]] as const, changed: [] };
  await expect(putTogether(bare, { head: greedy, pages: new Uint8Array() })).rejects.toMatchObject({
    code: "integrity",
  });
});

test.each([
  ["nothing at all", new Uint8Array()],
  ["a length with nothing behind it", Uint8Array.of(9, 0, 0, 0)],
  ["a head that is no JSON", Uint8Array.of(1, 0, 0, 0, 0x7b)],
])("%s is no image", (_, file) => {
  for (const parse of [parseBareImage, parseImageDifference])
    expect(() => parse(file)).toThrow(expect.objectContaining({ code: "integrity" }));
});
