/** Calls that are made one at a time, in order, until their owner ends. */
export class CallQueue {
  readonly #ended: AbortSignal;
  /** Settles when the call before the next one is done with. */
  #last: Promise<unknown> = Promise.resolve();
  /** Calls that are made and not done with. */
  #calls = 0;

  /** @param ended fires when no call is to be answered any more; its reason is what they reject with */
  constructor(ended: AbortSignal) {
    this.#ended = ended;
  }

  /** Whether no call is made that is not done with. */
  get isIdle(): boolean {
    return this.#calls === 0;
  }

  /** Settles when every call that was added so far is done with; never rejects. */
  get emptied(): Promise<unknown> {
    return this.#last;
  }

  /**
   * Calls `run` when every call before it is done with. A caller that gives up while its call runs is told
   * at once, but the next call still waits for it to be done.
   */
  add<T>(run: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    this.#calls++;
    const turn = this.#last.then(async () => {
      this.#ended.throwIfAborted();
      signal?.throwIfAborted();
      return run();
    });
    this.#last = turn
      .catch(() => undefined)
      .finally(() => {
        this.#calls--;
      });
    return this.until(turn, signal);
  }

  /** Settles as `promise` does, or earlier where the signal fires or the owner ends. */
  until<T>(promise: Promise<T>, signal?: AbortSignal): Promise<T> {
    const ends = [this.#ended, ...(signal === undefined ? [] : [signal])];
    return new Promise<T>((resolve, reject) => {
      const abort = () => reject(ends.find(({ aborted }) => aborted)?.reason);
      for (const end of ends) end.addEventListener("abort", abort);
      promise.then(resolve, reject).finally(() => {
        for (const end of ends) end.removeEventListener("abort", abort);
      });
      if (ends.some(({ aborted }) => aborted)) abort();
    });
  }
}
