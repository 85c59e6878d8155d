import type { Store } from "./store.ts";

/** Often enough that what is in no rollup yet stays little, seldom enough to cost nothing. */
const EVERY_MS = 60_000;

/** Has a store rolled up again and again. */
export interface Maintenance {
  /** Asks for no more of it; what has begun ends with the store. */
  stop(): void;
}

/**
 * Has a store rolled up every minute, the first time at once. A failure is told and leaves everything
 * as it was, for the next time to do.
 */
export function keepMaintained(
  store: Pick<Store, "maintain">,
  {
    everyMs = EVERY_MS,
    onError = console.error,
  }: { everyMs?: number; onError?: (error: unknown) => void } = {},
): Maintenance {
  let isRunning = false;
  let isStopped = false;
  const maintain = async (): Promise<void> => {
    // One that takes longer than a minute is not followed by those it held up.
    if (isRunning) return;
    isRunning = true;
    try {
      await store.maintain(Date.now());
    } catch (error) {
      if (!isStopped) onError(error);
    } finally {
      isRunning = false;
    }
  };
  const timer = setInterval(maintain, everyMs);
  timer.unref();
  void maintain();
  return {
    stop: () => {
      isStopped = true;
      clearInterval(timer);
    },
  };
}
