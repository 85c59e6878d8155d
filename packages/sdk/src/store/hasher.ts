import { PIECE_BYTES, sha256 } from "@selvedge/protocol";

/**
 * Hashes buffers in a copy of its own, one after the other. Chromium holds on to any buffer that it was
 * given to hash until garbage is collected, be it given up a moment later.
 */
export class Hasher {
  #copy: Uint8Array<ArrayBuffer> | undefined;

  /** SHA-256 in hex, of what the bytes are when this is called. */
  sha256(bytes: Uint8Array): Promise<string> {
    const { byteLength } = bytes;
    if (this.#copy === undefined || this.#copy.byteLength < byteLength)
      this.#copy = new Uint8Array(Math.max(byteLength, PIECE_BYTES));
    this.#copy.set(bytes);
    // WebCrypto takes a copy before it answers with a promise.
    return sha256(this.#copy.subarray(0, byteLength));
  }
}
