import type { RunOptions, TabLocks } from "./tab-locks.ts";

const PREFIX = "selvedge:";

/** Tab locks as the browser has them: it lets go of a lock when its worker ends, however that ends. */
export class WebLocks implements TabLocks {
  readonly #locks: LockManager;

  constructor(locks: LockManager) {
    this.#locks = locks;
  }

  run<T>(key: string, work: () => Promise<T>, { signal, overtake }: RunOptions): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const waiting = new AbortController();
      const stopWaiting = () => {
        signal.removeEventListener("abort", giveUp);
        overtake?.removeEventListener("abort", steal);
      };
      // Chromium leaves a worker's first request unsettled for good where it is aborted at once: so
      // nothing here waits for it to be.
      const giveUp = () => {
        stopWaiting();
        reject(signal.reason);
        waiting.abort();
      };
      const steal = () => {
        stopWaiting();
        ask({ steal: true });
        waiting.abort();
      };
      const begin = async (): Promise<unknown> => {
        if (signal.aborted) return giveUp();
        stopWaiting();
        const working = work();
        // Not what the request comes to: that is an AbortError where the lock is stolen meanwhile.
        resolve(working);
        return working.catch(() => undefined);
      };
      const ask = (options: LockOptions) =>
        void this.#locks.request(PREFIX + key, options, begin).catch((reason: unknown) => {
          if (options.signal?.aborted) return;
          stopWaiting();
          reject(reason);
        });
      if (signal.aborted) return giveUp();
      signal.addEventListener("abort", giveUp);
      overtake?.addEventListener("abort", steal);
      ask({ signal: waiting.signal });
    });
  }

  hold(key: string): Promise<() => void> {
    return new Promise((resolve) => {
      const hold = () => new Promise<void>((release) => resolve(release));
      // Where it is refused, or stolen, what is loaded runs on all the same.
      const onRefused = () => resolve(() => undefined);
      this.#locks.request(PREFIX + key, { mode: "shared" }, hold).catch(onRefused);
    });
  }

  async held(): Promise<ReadonlySet<string>> {
    const { held = [], pending = [] } = await this.#locks.query();
    const names = [...held, ...pending].map(({ name = "" }) => name);
    const ours = names.filter((name) => name.startsWith(PREFIX));
    return new Set(ours.map((name) => name.slice(PREFIX.length)));
  }
}
