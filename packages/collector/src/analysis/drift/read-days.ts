import type { DistributionSummary, Store } from "../../store/store.ts";
import { DAY_MS } from "./to-blocks.ts";

/** How long after midnight, in UTC, a day is still open: devices send what they have with a delay. */
const OPEN_AFTER_MS: number = 2 * 60 * 60 * 1000;

/** Model-days that are kept: some forty models for a period. */
const MAX_KEPT = 4096;

/** What was sent of a model on the day that begins with this midnight; the day must be over. */
export type ReadDay = (model: string, day: number) => Promise<readonly DistributionSummary[]>;

const WEEK_MS = 7 * DAY_MS;

/**
 * Reads days that are over, each once: what comes later is not added to a day of which something was
 * said already, as otherwise the difference would tell of the few who came late. Of a week in which
 * nothing came, days are not asked for one by one.
 */
export function createDayReader(store: Pick<Store, "distributions">, now: () => number): ReadDay {
  const kept = new Map<string, Promise<readonly DistributionSummary[]>>();
  const read = (model: string, from: number, to: number) => {
    const key = `${model} ${from} ${to}`;
    const known = kept.get(key);
    if (known !== undefined) return known;
    const asked = store.distributions({ from, to, model });
    // What failed is asked for again.
    asked.catch(() => kept.delete(key));
    kept.set(key, asked);
    const [oldest] = kept.keys();
    if (kept.size > MAX_KEPT && oldest !== undefined) kept.delete(oldest);
    return asked;
  };
  return async (model, day) => {
    const week = day - (day % WEEK_MS);
    const isOver = week + WEEK_MS <= lastMidnight(now());
    if (isOver && (await read(model, week, week + WEEK_MS)).length === 0) return [];
    return read(model, day, day + DAY_MS);
  };
}

/** The midnight up to which days are over. */
export function lastMidnight(nowMs: number): number {
  const time = nowMs - OPEN_AFTER_MS;
  return time - (time % DAY_MS);
}
