import { IMAGE_PAGE_BYTES, type ImageRun } from "./memory-image.ts";

/** Runs this close to each other, in pages, are kept as one: their zeros cost less than their seams. */
const NEAR_PAGES = 4;

/**
 * Copies the pages of a memory that are not zero.
 *
 * @param memory of a multiple of `IMAGE_PAGE_BYTES`; it may be shared
 */
export function snapshot(memory: ArrayBufferLike): {
  readonly runs: readonly ImageRun[];
  readonly pages: Uint8Array<ArrayBuffer>;
} {
  const runs = runsOf(memory);
  const pages = new Uint8Array(runs.reduce((sum, [, length]) => sum + length, 0));
  let at = 0;
  for (const [offset, length] of runs) {
    pages.set(new Uint8Array(memory, offset, length), at);
    at += length;
  }
  return { runs, pages };
}

/**
 * Puts pages back where they were, in a memory that is zero everywhere else.
 *
 * @throws RangeError where the memory is smaller than the image's.
 */
export function restore(
  memory: ArrayBufferLike,
  { runs }: { readonly runs: readonly ImageRun[] },
  pages: Uint8Array,
): void {
  const bytes = new Uint8Array(memory);
  let at = 0;
  for (const [offset, length] of runs) {
    bytes.set(pages.subarray(at, at + length), offset);
    at += length;
  }
}

function runsOf(memory: ArrayBufferLike): ImageRun[] {
  const words = new BigUint64Array(memory);
  const wordsInPage = IMAGE_PAGE_BYTES / words.BYTES_PER_ELEMENT;
  const runs: { offset: number; end: number }[] = [];
  for (let first = 0; first < words.length; first += wordsInPage) {
    if (isZero(words, first, first + wordsInPage)) continue;
    const offset = first * words.BYTES_PER_ELEMENT;
    const end = offset + IMAGE_PAGE_BYTES;
    const last = runs.at(-1);
    if (last !== undefined && offset - last.end <= NEAR_PAGES * IMAGE_PAGE_BYTES) last.end = end;
    else runs.push({ offset, end });
  }
  return runs.map(({ offset, end }) => [offset, end - offset]);
}

function isZero(words: BigUint64Array, from: number, to: number): boolean {
  for (let i = from; i < to; i++) if (words[i] !== 0n) return false;
  return true;
}
