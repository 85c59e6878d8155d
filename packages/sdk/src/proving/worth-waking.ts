import { median } from "./median.ts";

/** Milliseconds of starts, at least one of each kind. */
export interface StartTimes {
  readonly woken: readonly number[];
  readonly loaded: readonly number[];
}

/** What is not faster by so much is noise, and not worth the bytes it takes. */
const CLEARLY_FASTER = 0.8;

/** Whether waking is clearly faster than loading. */
export function isWorthWaking({ woken, loaded }: StartTimes): boolean {
  return median(woken) < CLEARLY_FASTER * median(loaded);
}

/** What was measured, for people. */
export function timesText({ woken, loaded }: StartTimes): string {
  return `waking takes ${Math.round(median(woken))} ms, loading ${Math.round(median(loaded))} ms`;
}
