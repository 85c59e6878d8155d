/**
 * What gzip is given at once. A browser inflates a chunk whole before it hands anything on, and gzip
 * packs at most 1032 to 1: this much in never holds more than 17 MB.
 */
const CHUNK_BYTES = 16 * 1024;

/**
 * Undoes gzip, where one knows what it must come to.
 *
 * @throws RangeError as soon as it is more, or if it is less; TypeError for what is not gzip.
 */
export async function gunzip(
  parts: readonly ArrayBuffer[],
  bytes: number,
): Promise<Uint8Array<ArrayBuffer>> {
  const whole = new Uint8Array(bytes);
  let filled = 0;
  const reader = chunksOf(parts).pipeThrough(new DecompressionStream("gzip")).getReader();
  try {
    for (let next = await reader.read(); !next.done; next = await reader.read()) {
      if (filled + next.value.byteLength > bytes)
        throw new RangeError(`More than the ${bytes} bytes it should be.`);
      whole.set(next.value, filled);
      filled += next.value.byteLength;
    }
  } finally {
    await reader.cancel().catch(() => undefined);
  }
  if (filled === bytes) return whole;
  throw new RangeError(`Only ${filled} of ${bytes} bytes.`);
}

function chunksOf(parts: readonly ArrayBuffer[]): ReadableStream<Uint8Array<ArrayBuffer>> {
  let index = 0;
  let offset = 0;
  return new ReadableStream(
    {
      pull(controller) {
        const part = parts[index];
        if (part === undefined) return controller.close();
        const length = Math.min(CHUNK_BYTES, part.byteLength - offset);
        controller.enqueue(new Uint8Array(part, offset, length));
        offset += length;
        if (offset < part.byteLength) return;
        index += 1;
        offset = 0;
      },
    },
    { highWaterMark: 0 },
  );
}
