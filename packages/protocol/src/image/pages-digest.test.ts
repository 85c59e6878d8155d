import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import { digestPages, PART_BYTES, PagesDigest } from "./pages-digest.ts";

const sha256 = (bytes: Uint8Array): Buffer => createHash("sha256").update(bytes).digest();

function bytesOf(length: number): Uint8Array<ArrayBuffer> {
  return Uint8Array.from({ length }, (_, i) => (i * 31 + (i >> 12) + (i >> 22)) & 255);
}

test("the digest of pages is that of the digests of their parts", async () => {
  const pages = bytesOf(2 * PART_BYTES + 4096);
  const parts = [0, 1, 2].map((i) => sha256(pages.subarray(i * PART_BYTES, (i + 1) * PART_BYTES)));
  expect(await digestPages(pages)).toBe(sha256(Buffer.concat(parts)).toString("hex"));
});

test("parts that are added one by one come to the same, and what becomes of them afterwards is of no matter", async () => {
  const pages = bytesOf(PART_BYTES + 8192);
  const expected = await digestPages(pages);
  const digest = new PagesDigest();
  for (const at of [0, PART_BYTES]) {
    const part = pages.slice(at, at + PART_BYTES);
    digest.add(part);
    part.fill(0);
  }
  expect(await digest.hex()).toBe(expected);
});

test("a bit anywhere, and parts in another order, make another digest", async () => {
  const pages = bytesOf(2 * PART_BYTES);
  const digests = new Set([await digestPages(pages)]);
  for (const at of [0, PART_BYTES - 1, PART_BYTES, 2 * PART_BYTES - 1]) {
    const changed = pages.slice();
    changed[at] = (changed[at] ?? 0) ^ 1;
    digests.add(await digestPages(changed));
  }
  const swapped = new Uint8Array(pages.length);
  swapped.set(pages.subarray(PART_BYTES));
  swapped.set(pages.subarray(0, PART_BYTES), PART_BYTES);
  digests.add(await digestPages(swapped));
  expect(digests.size).toBe(6);
});
