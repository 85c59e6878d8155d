import type { RunOptions, TabLocks } from "./tab-locks.ts";

/** Tab locks where tabs have no way to see each other: this worker's own. */
export class OwnLocks implements TabLocks {
  /** Settles when everyone who has come so far under a key has gone. */
  readonly #last = new Map<string, Promise<unknown>>();
  readonly #holds = new Set<{ readonly key: string }>();

  async run<T>(key: string, work: () => Promise<T>, { signal }: RunOptions): Promise<T> {
    let leave = (): void => undefined;
    const left = new Promise<void>((resolve) => {
      leave = resolve;
    });
    const before = this.#last.get(key);
    const last = Promise.all([before, left]);
    this.#last.set(key, last);
    void last.then(() => this.#last.get(key) === last && this.#last.delete(key));
    try {
      await orAborted(before, signal);
      return await work();
    } finally {
      leave();
    }
  }

  async hold(key: string): Promise<() => void> {
    const hold = { key };
    this.#holds.add(hold);
    return () => void this.#holds.delete(hold);
  }

  async held(): Promise<ReadonlySet<string>> {
    return new Set([...this.#last.keys(), ...[...this.#holds].map(({ key }) => key)]);
  }
}

function orAborted(before: Promise<unknown> | undefined, signal: AbortSignal): Promise<unknown> {
  return new Promise((resolve, reject) => {
    signal.throwIfAborted();
    const abort = () => reject(signal.reason);
    signal.addEventListener("abort", abort, { once: true });
    void Promise.resolve(before).then(() => {
      signal.removeEventListener("abort", abort);
      resolve(undefined);
    });
  });
}
