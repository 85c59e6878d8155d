import type { Retention } from "./store.ts";

/** How long things are kept where nothing else is asked for. */
export const DEFAULT_RETENTION: Retention = {
  rawHours: 48,
  minuteHours: 14 * 24,
  hourHours: 400 * 24,
  // A device may send again what it kept for seven days.
  batchHours: 8 * 24,
};
