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
      const giveUp = () => waiting.abort(signal.reason);
      const steal = () => {
        stopWaiting();
        ask({ steal: true }, reject);
        waiting.abort();
      };
      const stopWaiting = () => {
        signal.removeEventListener("abort", giveUp);
        overtake?.removeEventListener("abort", steal);
      };
      const begin = (): Promise<unknown> => {
        stopWaiting();
        const working = work();
        // Not what the request comes to: that is an AbortError where the lock is stolen meanwhile.
        resolve(working);
        return working.catch(() => undefined);
      };
      const ask = (options: LockOptions, onRefused: (reason: unknown) => void) =>
        void this.#locks.request(PREFIX + key, options, begin).catch(onRefused);
      signal.addEventListener("abort", giveUp);
      overtake?.addEventListener("abort", steal);
      if (signal.aborted) giveUp();
      // Its end is of interest only where nothing was stolen instead.
      ask({ signal: waiting.signal }, (reason) => {
        stopWaiting();
        if (!overtake?.aborted || signal.aborted) reject(reason);
      });
    });
  }

  async hold(key: string): Promise<() => void> {
    let release = (): void => undefined;
    const released = new Promise<void>((resolve) => {
      release = resolve;
    });
    // Where someone steals it, what is loaded runs on all the same.
    this.#locks.request(PREFIX + key, { mode: "shared" }, () => released).catch(() => undefined);
    return release;
  }

  async held(): Promise<ReadonlySet<string>> {
    const { held = [], pending = [] } = await this.#locks.query();
    const names = [...held, ...pending].map(({ name = "" }) => name);
    const ours = names.filter((name) => name.startsWith(PREFIX));
    return new Set(ours.map((name) => name.slice(PREFIX.length)));
  }
}
