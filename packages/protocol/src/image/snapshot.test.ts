import fc from "fast-check";
import { expect, test } from "vitest";
import { IMAGE_PAGE_BYTES, imageBytes } from "./memory-image.ts";
import { restore, restoring, snapshot } from "./snapshot.ts";

const PAGES = 24;

/** A memory of which some pages are not zero, each in one byte only: that is enough to be kept. */
const memory = fc
  .array(
    fc.record({
      page: fc.nat(PAGES - 1),
      at: fc.nat(IMAGE_PAGE_BYTES - 1),
      byte: fc.integer({ min: 1, max: 255 }),
    }),
  )
  .map((marks) => {
    const bytes = new Uint8Array(PAGES * IMAGE_PAGE_BYTES);
    for (const { page, at, byte } of marks) bytes[page * IMAGE_PAGE_BYTES + at] = byte;
    return bytes;
  });

test("what was copied is put back, whatever was there", () => {
  fc.assert(
    fc.property(memory, (bytes) => {
      const { runs, pages } = snapshot(bytes.buffer);
      const again = new Uint8Array(bytes.length);
      restore(again.buffer, { runs }, pages);
      // Compared as it is: to print 100 KB that differ takes longer than to find out.
      expect(again.every((byte, i) => byte === bytes[i])).toBe(true);
      expect(pages.length).toBe(imageBytes({ runs }));
    }),
  );
});

test("stretches are whole pages, in order, and apart from each other", () => {
  fc.assert(
    fc.property(memory, (bytes) => {
      let end = -1;
      for (const [offset, length] of snapshot(bytes.buffer).runs) {
        expect([offset % IMAGE_PAGE_BYTES, length % IMAGE_PAGE_BYTES]).toEqual([0, 0]);
        expect(offset).toBeGreaterThan(end);
        end = offset + length;
      }
    }),
  );
});

test("a memory that is zero throughout comes to nothing", () => {
  const { runs, pages } = snapshot(new ArrayBuffer(8 * IMAGE_PAGE_BYTES));
  expect([runs, pages.length]).toEqual([[], 0]);
});

test("memory that is shared is copied too", () => {
  const shared = new SharedArrayBuffer(4 * IMAGE_PAGE_BYTES);
  new Uint8Array(shared)[5000] = 7;
  const { runs, pages } = snapshot(shared);
  expect(runs).toEqual([[IMAGE_PAGE_BYTES, IMAGE_PAGE_BYTES]]);
  expect(pages[5000 - IMAGE_PAGE_BYTES]).toBe(7);
});

test("a memory that is smaller than the image's takes none of it silently", () => {
  const runs = [[IMAGE_PAGE_BYTES, IMAGE_PAGE_BYTES]] as const;
  const pages = new Uint8Array(IMAGE_PAGE_BYTES);
  expect(() => restore(new ArrayBuffer(IMAGE_PAGE_BYTES), { runs }, pages)).toThrow(RangeError);
});

test("pages that come part by part, of any size, are put where they were", () => {
  const memory = new Uint8Array(10 * IMAGE_PAGE_BYTES);
  for (let i = 0; i < memory.length; i += 100) memory[i] = 1 + (i % 251);
  memory.fill(0, IMAGE_PAGE_BYTES, 8 * IMAGE_PAGE_BYTES);
  const { runs, pages } = snapshot(memory.buffer);
  expect(runs.length).toBe(2);
  for (const size of [1000, IMAGE_PAGE_BYTES, IMAGE_PAGE_BYTES + 1, pages.length]) {
    const restored = new Uint8Array(memory.length);
    const put = restoring(restored.buffer, { runs });
    for (let at = 0; at < pages.length; at += size) put(pages.subarray(at, at + size));
    // What is more than the image has belongs nowhere.
    put(Uint8Array.of(9, 9));
    expect(restored).toEqual(memory);
  }
});
