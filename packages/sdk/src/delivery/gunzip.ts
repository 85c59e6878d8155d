/**
 * What gzip is given at once. A browser inflates a chunk whole before it hands anything on, and gzip
 * packs at most 1032 to 1: this much in never holds more than 4.3 MB.
 */
const CHUNK_BYTES = 4 * 1024;

/** Undoes gzip as it comes, where one knows what it must come to. */
export class Gunzip {
  readonly #writer: WritableStreamDefaultWriter<BufferSource>;
  readonly #whole: Promise<Uint8Array<ArrayBuffer>>;

  /** @param bytes what it must come to; that much is held from the start. */
  constructor(bytes: number) {
    const { readable, writable } = new DecompressionStream("gzip");
    this.#writer = writable.getWriter();
    this.#whole = fill(readable, new Uint8Array(bytes));
    // Told to whoever writes, or asks for the end.
    this.#whole.catch(() => undefined);
  }

  /** Takes the next part. @throws RangeError as soon as it comes to more, TypeError for what is not gzip. */
  async write(part: Uint8Array<ArrayBuffer>): Promise<void> {
    try {
      for (let start = 0; start < part.byteLength; start += CHUNK_BYTES)
        await this.#writer.write(part.subarray(start, start + CHUNK_BYTES));
    } catch (error) {
      // A writer is told that it is over; whoever reads knows why.
      await this.#whole;
      throw error;
    }
  }

  /** What it came to, once everything was written. @throws RangeError if that is less, TypeError for half a gzip. */
  async end(): Promise<Uint8Array<ArrayBuffer>> {
    this.#writer.close().catch(() => undefined);
    return this.#whole;
  }

  /** Gives up what has come so far. */
  abort(): void {
    this.#writer.abort().catch(() => undefined);
  }
}

async function fill(
  readable: ReadableStream<Uint8Array<ArrayBuffer>>,
  whole: Uint8Array<ArrayBuffer>,
): Promise<Uint8Array<ArrayBuffer>> {
  let filled = 0;
  const reader = readable.getReader();
  try {
    for (let next = await reader.read(); !next.done; next = await reader.read()) {
      if (filled + next.value.byteLength > whole.byteLength)
        throw new RangeError(`More than the ${whole.byteLength} bytes it should be.`);
      whole.set(next.value, filled);
      filled += next.value.byteLength;
    }
  } finally {
    reader.cancel().catch(() => undefined);
  }
  if (filled === whole.byteLength) return whole;
  throw new RangeError(`Only ${filled} of ${whole.byteLength} bytes.`);
}
