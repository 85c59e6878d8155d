import { median } from "./median.ts";

/** Milliseconds of warm runs, of a candidate and of what serves, in turn. */
export interface RunTimes {
  readonly candidate: readonly number[];
  readonly serving: readonly number[];
}

/** What run times come to. */
export interface RaceResult {
  /** Whether more runs would change nothing that matters, or cost too much. */
  readonly isOver: boolean;
  /** Milliseconds: medians. */
  readonly candidateMs: number;
  readonly servingMs: number;
}

/** Before this many runs of each, chance may have decided. */
const FEWEST_RUNS = 3;
/** One is faster by so much that more runs would not turn it round. */
const CLEAR_RATIO = 1.25;
/** After this many of each, it is as close as it looks. */
const MOST_RUNS = 12;
/** Milliseconds that all runs together may take. */
const BUDGET_MS = 5_000;
/** Below this, moving is not worth the memory that it takes meanwhile. */
const WORTH_RATIO = 1.05;

/** Judges the runs made so far: at least one of each. */
export function judgeRace({ candidate, serving }: RunTimes): RaceResult {
  const [candidateMs, servingMs] = [median(candidate), median(serving)];
  const runs = Math.min(candidate.length, serving.length);
  const spentMs = [...candidate, ...serving].reduce((sum, each) => sum + each, 0);
  const slower = Math.max(candidateMs, servingMs);
  const isClear = slower > CLEAR_RATIO * Math.min(candidateMs, servingMs);
  const isOver =
    (runs >= FEWEST_RUNS && isClear) || runs >= MOST_RUNS || (runs >= 1 && spentMs >= BUDGET_MS);
  return { isOver, candidateMs, servingMs };
}

/**
 * Whether a candidate is faster by enough to be moved to.
 *
 * @param share its run time as a share of what serves
 */
export function isWorthMoving(share: number): boolean {
  return share * WORTH_RATIO <= 1;
}
