import { effectiveSize, LEAST_CONTRIBUTORS } from "@selvedge/protocol";
import { addTallies, type Block, type Tally } from "./tally.ts";

/** A day, as all of this counts them: from midnight to midnight in UTC. */
export const DAY_MS: number = 24 * 60 * 60 * 1000;

/**
 * Blocks never reach from one of these periods into the next, which begin every twelve weeks since 1970:
 * where a block begins does not depend on how far back the store remembers.
 */
export const PERIOD_MS: number = 84 * DAY_MS;

/** How long days are kept where nothing else is said, and the oldest that is told of: each question reads them. */
export const KEPT_MS: number = 400 * DAY_MS;

/** How days are put into periods. */
export interface Periods {
  /** How long one is. */
  readonly lengthMs: number;
  /** When the first one begins of which no day has been dropped: those before it are not told of. */
  readonly firstMs: number;
}

/**
 * The periods of days that are kept for so long. Two are whole at any time: a period that has begun to be
 * dropped would have other blocks every day, and the difference would tell of few.
 */
export function periodsOf(keptMs: number, nowMs: number): Periods {
  const halfDays = Math.max(1, Math.floor(keptMs / DAY_MS / 2));
  const lengthMs = Math.min(PERIOD_MS, halfDays * DAY_MS);
  const oldest = Math.max(0, nowMs - Math.min(keptMs, KEPT_MS));
  return { lengthMs, firstMs: Math.ceil(oldest / lengthMs) * lengthMs };
}

/** What one feature's contributors sent on a day. */
export interface DayTally {
  /** The midnight it began with. */
  readonly day: number;
  readonly tally: Tally;
}

/**
 * Puts days together, in their order, until each block has 500 contributors, or as many of randomised
 * answers as tell as much: a day each where many
 * devices report, a week or more where few do. What is left at the end waits for the next day, and is
 * never shown where its period ends first.
 *
 * @param days of whole periods, ascending, without those that are not over yet
 */
export function toBlocks(
  days: readonly DayTally[],
  isOrdered: boolean,
  periodMs: number = PERIOD_MS,
): { readonly blocks: readonly Block[]; readonly waiting: number } {
  const blocks: Block[] = [];
  let open: { from: number; tally: Tally } | undefined;
  for (const { day, tally } of days) {
    const isSamePeriod = open && Math.floor(open.from / periodMs) === Math.floor(day / periodMs);
    open =
      open === undefined || !isSamePeriod
        ? { from: day, tally }
        : { from: open.from, tally: addTallies(open.tally, tally) };
    if (!isEnough(open.tally, isOrdered)) continue;
    blocks.push({ ...open, to: day + DAY_MS });
    open = undefined;
  }
  return { blocks, waiting: open?.tally.contributors ?? 0 };
}

function isEnough({ contributors, epsilon, shares }: Tally, isOrdered: boolean): boolean {
  // Missing is an answer too, and so is unseen where there are categories.
  const counts = new Array<number>(shares.length + (isOrdered ? 1 : 2)).fill(1);
  return effectiveSize({ counts, size: contributors, epsilon }) >= LEAST_CONTRIBUTORS;
}
