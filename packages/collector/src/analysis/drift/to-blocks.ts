import { effectiveSize, LEAST_CONTRIBUTORS } from "@selvedge/protocol";
import { addTallies, type Block, type Tally } from "./tally.ts";

/** A day, as all of this counts them: from midnight to midnight in UTC. */
export const DAY_MS: number = 24 * 60 * 60 * 1000;

/**
 * Blocks never reach from one of these periods into the next, which begin every twelve weeks since 1970:
 * where a block begins does not depend on how far back the store remembers.
 */
export const PERIOD_MS: number = 84 * DAY_MS;

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
): { readonly blocks: readonly Block[]; readonly waiting: number } {
  const blocks: Block[] = [];
  let open: { from: number; tally: Tally } | undefined;
  for (const { day, tally } of days) {
    const isSamePeriod = open && Math.floor(open.from / PERIOD_MS) === Math.floor(day / PERIOD_MS);
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
