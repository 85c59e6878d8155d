import { toHex } from "../sha256.ts";

/**
 * Bytes of a part of which a digest is taken. The browser copies each: copies of this size lie in memory that
 * it has had before, those of megabytes in pages that the system has yet to give, which takes twice as long.
 */
export const PART_BYTES: number = 512 * 2 ** 10;

/** Bytes of a SHA-256. */
const DIGEST_BYTES = 32;

/**
 * Takes the digest of an image's pages part by part, so that one part is hashed while the next is read:
 * SHA-256 of the SHA-256s of each 512 KiB, in order.
 */
export class PagesDigest {
  readonly #parts: Promise<ArrayBuffer>[] = [];

  /** @param part the next one, of `PART_BYTES` unless it is the last; it is copied at once */
  add(part: Uint8Array<ArrayBuffer>): void {
    const digest = crypto.subtle.digest("SHA-256", part);
    // Where one fails, `hex` says so.
    digest.catch(() => undefined);
    this.#parts.push(digest);
  }

  /** In lower-case hex. */
  async hex(): Promise<string> {
    const digests = new Uint8Array(this.#parts.length * DIGEST_BYTES);
    for (const [i, digest] of (await Promise.all(this.#parts)).entries())
      digests.set(new Uint8Array(digest), i * DIGEST_BYTES);
    return toHex(new Uint8Array(await crypto.subtle.digest("SHA-256", digests)));
  }
}

/** The digest of pages that are all there. */
export function digestPages(pages: Uint8Array<ArrayBuffer>): Promise<string> {
  const digest = new PagesDigest();
  for (let at = 0; at < pages.length; at += PART_BYTES)
    digest.add(pages.subarray(at, at + PART_BYTES));
  return digest.hex();
}
