/** A host that sends nothing for this long will not send the rest either. */
const STALL_MS = 30_000;

/** Aborts a request that has stopped moving, however long it may take as long as it moves. */
export class StallGuard {
  readonly #controller = new AbortController();
  readonly #caller: AbortSignal;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(caller: AbortSignal) {
    this.#caller = caller;
    caller.addEventListener("abort", this.#follow);
    if (caller.aborted) this.#follow();
    this.moved();
  }

  /** Fires when the caller gives up, or nothing has moved for too long. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Something came. */
  moved(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(
      () => this.#controller.abort(new Error(`nothing came for ${STALL_MS / 1000} s`)),
      STALL_MS,
    );
  }

  /** It is over, either way. */
  end(): void {
    clearTimeout(this.#timer);
    this.#caller.removeEventListener("abort", this.#follow);
  }

  /** The body of a response, watched as it is read. */
  watch(response: Response): Response {
    if (response.body === null) {
      this.end();
      return response;
    }
    const watched = response.body.pipeThrough(
      new TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>>({
        transform: (chunk, controller) => {
          this.moved();
          controller.enqueue(chunk);
        },
        flush: () => this.end(),
      }),
      // A stall has to end whoever waits for the next chunk, too.
      { signal: this.signal },
    );
    const { status, statusText, headers } = response;
    return new Response(watched, { status, statusText, headers });
  }

  readonly #follow = (): void => {
    this.end();
    this.#controller.abort(this.#caller.reason);
  };
}
