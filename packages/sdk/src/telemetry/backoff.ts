const FIRST_MS = 10_000;
const LONGEST_MS = 10 * 60_000;

/**
 * How long sending stands still after a failure: twice as long each time, half as long again or half as
 * short by chance, so that devices which failed together do not come back together.
 *
 * @param failures how many came before it, one after the other
 * @param atLeastMs what the collector asked for
 */
export function backoffMs(failures: number, atLeastMs: number): number {
  const jitter = 0.5 + Math.random();
  return Math.max(atLeastMs, Math.min(LONGEST_MS, FIRST_MS * 2 ** Math.min(failures, 20)) * jitter);
}
