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
  image: { readonly runs: readonly ImageRun[] },
  pages: Uint8Array,
): void {
  restoring(memory, image)(pages);
}

/**
 * As `restore`, with pages that come part by part, in order. What is more than the image has is passed over.
 *
 * @returns what puts the next part where it belongs, and throws RangeError as `restore` does
 */
export function restoring(
  memory: ArrayBufferLike,
  { runs }: { readonly runs: readonly ImageRun[] },
): (part: Uint8Array) => void {
  const bytes = new Uint8Array(memory);
  /** The stretch that is being filled, and how much of it has been. */
  let [run, filled] = [0, 0];
  return (part) => {
    let at = 0;
    for (let next = runs[run]; next !== undefined && at < part.length; next = runs[run]) {
      const [offset, length] = next;
      const piece = part.subarray(at, at + length - filled);
      bytes.set(piece, offset + filled);
      at += piece.length;
      filled += piece.length;
      if (filled === length) [run, filled] = [run + 1, 0];
    }
  };
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
