import { SelvedgeError } from "../selvedge-error.ts";
import { IMAGE_PAGE_BYTES, type ImageRun, imageBytes } from "./memory-image.ts";
import { digestPages } from "./pages-digest.ts";
import type { BareImage, ImageDifference } from "./shipped-image.ts";
import { snapshot } from "./snapshot.ts";

/** Where stretches are joined, up to four pages of zeros between them are kept; see `snapshot`. */
const MOST_TO_ONE = 5;

/**
 * What tells the memory of a runtime with a session from that of the bare runtime. Most pages of the two
 * are the same, and in the others most bytes.
 *
 * @param memory at least as large as that of the bare runtime
 */
export function differenceFrom(
  { runs, pages }: BareImage,
  memory: ArrayBufferLike,
): { readonly changed: readonly ImageRun[]; readonly pages: Uint8Array<ArrayBuffer> } {
  const copy = new Uint8Array(memory.byteLength);
  copy.set(new Uint8Array(memory));
  let at = 0;
  for (const [offset, length] of runs) {
    combine(copy.subarray(offset, offset + length), pages.subarray(at, at + length));
    at += length;
  }
  const { runs: changed, pages: differing } = snapshot(copy.buffer);
  return { changed, pages: differing };
}

/**
 * Puts the pages of an image together, in the order of its runs. Needs no more memory than they do.
 *
 * @throws SelvedgeError `integrity` where they are not the ones that were written down.
 */
export async function putTogether(
  bare: BareImage,
  { head, pages: differing }: ImageDifference,
): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = imageBytes(head);
  if (bytes > MOST_TO_ONE * (bare.pages.length + differing.length)) throw wrong();
  const pages = new Uint8Array(bytes);
  const [before, after] = [pagesOf(bare.runs, bare.pages), pagesOf(head.changed, differing)];
  let at = 0;
  for (const [offset, length] of head.runs)
    for (let page = offset; page < offset + length; page += IMAGE_PAGE_BYTES) {
      const target = pages.subarray(at, at + IMAGE_PAGE_BYTES);
      target.set(before.get(page) ?? []);
      combine(target, after.get(page) ?? target.subarray(0, 0));
      at += IMAGE_PAGE_BYTES;
    }
  if ((await digestPages(pages)) !== head.sha256) throw wrong();
  return pages;
}

function combine(target: Uint8Array, other: Uint8Array): void {
  for (let i = 0; i < other.length; i++) target[i] = (target[i] ?? 0) ^ (other[i] ?? 0);
}

/** Pages by the address they begin at. */
function pagesOf(runs: readonly ImageRun[], pages: Uint8Array): ReadonlyMap<number, Uint8Array> {
  const found = new Map<number, Uint8Array>();
  let at = 0;
  for (const [offset, length] of runs)
    for (let page = offset; page < offset + length; page += IMAGE_PAGE_BYTES) {
      found.set(page, pages.subarray(at, at + IMAGE_PAGE_BYTES));
      at += IMAGE_PAGE_BYTES;
    }
  return found;
}

function wrong(): SelvedgeError {
  return new SelvedgeError(
    "integrity",
    "The image of a model is not what was written down of it. Load the model without it.",
  );
}
