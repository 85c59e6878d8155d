/** How often the host's own slowness it is given, and at least: a link that moves to another mast is silent for a while. */
const PATIENCE_ROUND_TRIPS = 40;
const LEAST_SHARE = 1 / 3;

/**
 * Aborts a request that has stopped moving, however long it may take as long as it moves. Only waiting
 * counts: what a slow disk takes between two reads is not the host's doing.
 */
export class StallGuard {
  readonly #controller = new AbortController();
  readonly #caller: AbortSignal;
  readonly #stallMs: number;

  constructor(caller: AbortSignal, stallMs: number) {
    this.#caller = caller;
    this.#stallMs = stallMs;
    caller.addEventListener("abort", this.#follow);
    if (caller.aborted) this.#follow();
  }

  /** Fires when the caller gives up, or nothing has moved for too long. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Waits for something that has to come in time. @throws the signal's reason */
  async wait<T>(coming: Promise<T>): Promise<T> {
    const { signal } = this;
    const ms = this.#stallMs;
    const timer = setTimeout(
      () => this.#controller.abort(new Error(`nothing came for ${ms / 1000} s`)),
      ms,
    );
    let abort = () => {};
    try {
      return await new Promise<T>((resolve, reject) => {
        abort = () => reject(signal.reason);
        signal.addEventListener("abort", abort);
        if (signal.aborted) abort();
        coming.then(resolve, reject);
      });
    } finally {
      clearTimeout(timer);
      signal.removeEventListener("abort", abort);
    }
  }

  /** It is over, either way. */
  end(): void {
    this.#caller.removeEventListener("abort", this.#follow);
  }

  readonly #follow = (): void => {
    this.end();
    this.#controller.abort(this.#caller.reason);
  };
}

/**
 * How long a host may be silent: less where it has shown that it answers fast.
 *
 * @param roundTripMs how long it took to answer, where that is known
 */
export function patienceMs(stallMs: number, roundTripMs: number | undefined): number {
  if (roundTripMs === undefined) return stallMs;
  return Math.min(stallMs, Math.max(stallMs * LEAST_SHARE, roundTripMs * PATIENCE_ROUND_TRIPS));
}
