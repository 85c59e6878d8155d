import type { FetchResponse } from "./network.ts";
import type { StallGuard } from "./stall-guard.ts";

/** A body is read so much at a time, at most. */
const CHUNK_BYTES = 256 * 1024;

type Reader = Pick<ReadableStreamDefaultReader<Uint8Array<ArrayBuffer>>, "read" | "cancel">;

/** What a host answered, read as it comes. Whoever has one ends it. */
export class Answer {
  readonly status: number;
  readonly headers: Headers;
  /** Where it came from in the end; empty where that is hidden. */
  readonly url: string;
  readonly #guard: StallGuard;
  readonly #wrap: (cause: unknown) => unknown;
  readonly #reader: Reader | undefined;

  /** @param options.wrap makes an error of what a body threw */
  constructor(
    response: FetchResponse,
    { guard, wrap }: { guard: StallGuard; wrap: (cause: unknown) => unknown },
  ) {
    this.status = response.status;
    this.headers = response.headers;
    this.url = response.url;
    this.#guard = guard;
    this.#wrap = wrap;
    this.#reader = response.body === null ? undefined : readerOf(response.body);
  }

  /** The next bytes, as many as have come; `undefined` at the end. They are gone with the next call. */
  async read(): Promise<Uint8Array<ArrayBuffer> | undefined> {
    if (this.#reader === undefined) return undefined;
    try {
      const { done, value } = await this.#guard.wait(this.#reader.read());
      return done ? undefined : value;
    } catch (cause) {
      throw this.#wrap(cause);
    }
  }

  /** Stops what still comes. */
  end(): void {
    this.#guard.end();
    void this.#reader?.cancel().catch(() => undefined);
  }
}

/**
 * Reads a body into one buffer, again and again: of chunks in buffers of their own, Chromium would hold
 * all until garbage is collected. Only bodies of the browser's own making can be read so.
 */
function readerOf(body: ReadableStream<Uint8Array<ArrayBuffer>>): Reader {
  let reader: ReadableStreamBYOBReader;
  try {
    reader = body.getReader({ mode: "byob" });
  } catch {
    return body.getReader();
  }
  let buffer = new ArrayBuffer(CHUNK_BYTES);
  return {
    async read() {
      const next = await reader.read(new Uint8Array(buffer));
      if (next.value !== undefined) buffer = next.value.buffer;
      return next;
    },
    cancel: (reason) => reader.cancel(reason),
  };
}
