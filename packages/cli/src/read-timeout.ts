import { UsageError } from "./command-line.ts";

/** Timers hold no more milliseconds than this. */
const LONGEST_MS = 2 ** 31 - 1;

/**
 * Reads `--timeout SECONDS`.
 *
 * @returns milliseconds
 * @throws UsageError for what is no length of time, or too long for a timer.
 */
export function readTimeout(seconds: string | undefined): number | undefined {
  if (seconds === undefined) return undefined;
  const timeoutMs = Number(seconds) * 1000;
  if (seconds.trim() === "" || !(timeoutMs > 0 && timeoutMs <= LONGEST_MS))
    throw new UsageError(
      `--timeout ${seconds}: give seconds, more than 0 and at most ${Math.floor(LONGEST_MS / 1000)}`,
    );
  return timeoutMs;
}
