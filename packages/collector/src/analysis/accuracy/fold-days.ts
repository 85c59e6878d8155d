import { DAY_MS } from "../drift/to-blocks.ts";
import { type FeedbackBlock, publishFeedback } from "./feedback-block.ts";
import { addTallies, type FeedbackTally } from "./tally-feedback.ts";

/** A block has as many judged predictions as these at least. */
const LEAST_JUDGED = 500;

/** With as many wrong ones, or values that were off, a block needs no further day. */
const ENOUGH_WRONG = 250;

/** A block of so many days needs no more of either. */
const ENOUGH_DAYS = 7;

/** Blocks that have been closed, and what is in none yet. */
export interface Folded {
  readonly blocks: FeedbackBlock[];
  readonly open: Map<string, { readonly from: number; readonly tally: FeedbackTally }>;
}

/**
 * Adds a day to the blocks of each version: days are put together in their order until they are enough,
 * so that what is rare has a chance to be shown. Where a block ends says nothing that is not told anyway,
 * for it hangs on how many were right and wrong.
 *
 * @param day the midnight that it began with
 */
export function foldDay(
  { blocks, open }: Folded,
  day: number,
  tallies: ReadonlyMap<string, FeedbackTally>,
): void {
  for (const [version, tally] of tallies) {
    const known = open.get(version);
    open.set(version, {
      from: known?.from ?? day,
      tally: known === undefined ? tally : addTallies(known.tally, tally),
    });
  }
  const to = day + DAY_MS;
  for (const [version, { from, tally }] of open) {
    if (!isEnough(tally, to - from)) continue;
    blocks.push(publishFeedback(tally, { from, to }));
    open.delete(version);
  }
}

function isEnough({ judged, correct, error }: FeedbackTally, lengthMs: number): boolean {
  const off = error?.count ?? 0;
  if (judged + off < LEAST_JUDGED) return false;
  return judged - correct + off >= ENOUGH_WRONG || lengthMs >= ENOUGH_DAYS * DAY_MS;
}
