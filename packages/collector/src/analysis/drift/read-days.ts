import type { DistributionSummary, Store } from "../../store/store.ts";
import { DAY_MS } from "./to-blocks.ts";

/** How long after midnight, in UTC, a day is still open: devices send what they have with a delay. */
const OPEN_AFTER_MS: number = 2 * 60 * 60 * 1000;

/** Model-days that are kept: some forty models for a period. */
const MAX_KEPT = 4096;

/** What was sent of a model on the day that begins with this midnight; the day must be over. */
export type ReadDay = (model: string, day: number) => Promise<readonly DistributionSummary[]>;

/**
 * Reads days that are over, each once: what comes later is not added to a day of which something was
 * said already, as otherwise the difference would tell of the few who came late.
 */
export function createDayReader(store: Pick<Store, "distributions">): ReadDay {
  const kept = new Map<string, Promise<readonly DistributionSummary[]>>();
  return (model, day) => {
    const key = `${model} ${day}`;
    const known = kept.get(key);
    if (known !== undefined) return known;
    const read = store.distributions({ from: day, to: day + DAY_MS, model });
    // What failed is asked for again.
    read.catch(() => kept.delete(key));
    kept.set(key, read);
    const [oldest] = kept.keys();
    if (kept.size > MAX_KEPT && oldest !== undefined) kept.delete(oldest);
    return read;
  };
}

/** The midnight up to which days are over. */
export function lastMidnight(nowMs: number): number {
  const time = nowMs - OPEN_AFTER_MS;
  return time - (time % DAY_MS);
}
