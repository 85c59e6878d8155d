/**
 * Locks that all tabs of an origin see. They save work, and nothing rests on them: two tabs that do
 * the same thing at once do it twice, and right. What is held ends with the worker that holds it.
 */
export interface TabLocks {
  /**
   * Runs something while nothing else runs under the same key, in any tab.
   *
   * @throws AbortError at once when the signal fires before the turn has come.
   */
  run<T>(key: string, work: () => Promise<T>, options: RunOptions): Promise<T>;
  /**
   * Holds a key beside any number of others.
   *
   * @returns what lets go of it
   */
  hold(key: string): Promise<() => void>;
  /** Every key that is held or run under, in any tab. */
  held(): Promise<ReadonlySet<string>>;
}

/** How waiting for a turn may end before the turn has come. */
export interface RunOptions {
  readonly signal: AbortSignal;
  /** Fires when whoever has the turn is taken to be frozen: the turn is taken from them. */
  readonly overtake?: AbortSignal;
}

/** Begins the keys under which models are downloaded. */
export const DOWNLOAD = "download:";

/** Begins the keys that loaded models hold. */
export const USE = "use:";
