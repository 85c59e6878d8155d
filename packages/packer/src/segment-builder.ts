import { type BlobRef, PIECE_BYTES, pieceCount, pieceRange, sha256 } from "@selvedge/protocol";

/** Lays blobs one after another into a single segment, equal ones once. */
export class SegmentBuilder {
  readonly #blobs = new Map<string, BlobRef>();
  readonly #parts: Uint8Array<ArrayBuffer>[] = [];
  #bytes = 0;

  /** @returns where the blob lies, and what it hashes to. */
  async add(bytes: Uint8Array<ArrayBuffer>): Promise<BlobRef> {
    const digest = await sha256(bytes);
    const known = this.#blobs.get(digest);
    if (known !== undefined) return known;
    const blob: BlobRef = {
      bytes: bytes.length,
      sha256: digest,
      at: { segment: 0, offset: this.#bytes, length: bytes.length },
      ...(bytes.length > PIECE_BYTES ? { chunks: await pieceDigests(bytes) } : {}),
    };
    this.#blobs.set(digest, blob);
    this.#parts.push(bytes);
    this.#bytes += bytes.length;
    return blob;
  }

  /** The segment and its digest. */
  async finish(): Promise<{ bytes: Uint8Array<ArrayBuffer>; sha256: string }> {
    const bytes = new Uint8Array(this.#bytes);
    let offset = 0;
    for (const part of this.#parts) {
      bytes.set(part, offset);
      offset += part.length;
    }
    return { bytes, sha256: await sha256(bytes) };
  }
}

async function pieceDigests(bytes: Uint8Array<ArrayBuffer>): Promise<string[]> {
  const digests: string[] = [];
  for (let index = 0; index < pieceCount(bytes.length); index++) {
    const { start, end } = pieceRange(bytes.length, index);
    digests.push(await sha256(bytes.subarray(start, end)));
  }
  return digests;
}
