import type { FetchResponse } from "./network.ts";
import type { StallGuard } from "./stall-guard.ts";

/** What a host answered, read as it comes. Whoever has one ends it. */
export class Answer {
  readonly status: number;
  readonly headers: Headers;
  /** Where it came from in the end; empty where that is hidden. */
  readonly url: string;
  readonly #guard: StallGuard;
  readonly #wrap: (cause: unknown) => unknown;
  readonly #reader: ReadableStreamDefaultReader<Uint8Array<ArrayBuffer>> | undefined;

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
    this.#reader = response.body?.getReader();
  }

  /** The next bytes, as many as have come; `undefined` at the end. */
  async read(): Promise<Uint8Array<ArrayBuffer> | undefined> {
    if (this.#reader === undefined) return undefined;
    try {
      return (await this.#guard.wait(this.#reader.read())).value;
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
