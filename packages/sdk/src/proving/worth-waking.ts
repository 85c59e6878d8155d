/** Milliseconds of starts, at least one of each kind. */
export interface StartTimes {
  readonly woken: readonly number[];
  readonly loaded: readonly number[];
}

/** What is not faster by so much is noise, and not worth the bytes it takes. */
const CLEARLY_FASTER = 0.8;

/**
 * Whether waking is clearly faster than loading, by the fastest start of each: what else a device does
 * only makes a start slower.
 */
export function isWorthWaking({ woken, loaded }: StartTimes): boolean {
  return Math.min(...woken) < CLEARLY_FASTER * Math.min(...loaded);
}

/** What was measured, for people. */
export function timesText({ woken, loaded }: StartTimes): string {
  return `waking takes ${Math.round(Math.min(...woken))} ms, loading ${Math.round(Math.min(...loaded))} ms`;
}
