import type { Store, Window } from "../../store/store.ts";
import { lastMidnight } from "../drift/read-days.ts";
import { DAY_MS, periodsOf } from "../drift/to-blocks.ts";
import type { FeedbackBlock } from "./feedback-block.ts";
import { type Folded, foldDay } from "./fold-days.ts";
import { tallyFeedback } from "./tally-feedback.ts";

/** The blocks that a window touches, and for a version that has none there its latest before that. */
export type ReadFeedbackBlocks = (window: Window) => Promise<readonly FeedbackBlock[]>;

/** Models and periods whose blocks are kept; what is forgotten is read again. */
const MAX_KEPT = 64;

const WEEK_MS = 7 * DAY_MS;

/** How far back a block may lie that answers for a window without one. */
const LATELY_MS = 4 * WEEK_MS;

interface Period extends Folded {
  /** The first day that has not been read yet. */
  next: number;
  /** Ends when whoever came before has read what there was. */
  reading: Promise<void>;
}

/**
 * Reads blocks of feedback. Days are read in their order, each once, when they are over and take nothing
 * more (`open-day.ts`); what is asked decides which blocks are told, never where one begins.
 *
 * @param keptMs how long feedback is kept
 */
export function createFeedbackBlockReader({
  store,
  keptMs,
  now,
}: {
  readonly store: Pick<Store, "feedback">;
  readonly keptMs: number;
  readonly now: () => number;
}): ReadFeedbackBlocks {
  const periods = new Map<string, Period>();

  const periodOf = (model: string | undefined, from: number): Period => {
    const key = JSON.stringify([model ?? null, from]);
    const known = periods.get(key);
    const period = known ?? { blocks: [], open: new Map(), next: from, reading: Promise.resolve() };
    // Set anew, so that the order of the map is that of use.
    periods.delete(key);
    periods.set(key, period);
    const [oldest] = periods.keys();
    if (periods.size > MAX_KEPT && oldest !== undefined) periods.delete(oldest);
    return period;
  };

  const readUpTo = async (period: Period, model: string | undefined, to: number): Promise<void> => {
    const read = async (lengthMs: number) =>
      tallyFeedback(await store.feedback({ from: period.next, to: period.next + lengthMs, model }));
    while (period.next < to) {
      const startsWeek = period.next % WEEK_MS === 0 && period.next + WEEK_MS <= to;
      const isEmpty = startsWeek && (await read(WEEK_MS)).size === 0;
      const tallies = isEmpty ? new Map() : await read(DAY_MS);
      const until = period.next + (isEmpty ? WEEK_MS : DAY_MS);
      // Days without feedback close blocks as well.
      for (; period.next < until; period.next += DAY_MS) foldDay(period, period.next, tallies);
    }
  };

  const blocksOf = async (model: string | undefined, from: number, end: number) => {
    const period = periodOf(model, from);
    const read = () => readUpTo(period, model, end);
    period.reading = period.reading.then(read, read);
    await period.reading;
    return period.blocks;
  };

  return async ({ from, to, model }) => {
    const nowMs = now();
    const end = lastMidnight(nowMs);
    const { lengthMs, firstMs } = periodsOf(keptMs, nowMs);
    const since = Math.max(from - LATELY_MS, firstMs);
    const blocks: FeedbackBlock[] = [];
    for (let start = since - (since % lengthMs); start < Math.min(to, end); start += lengthMs)
      blocks.push(...(await blocksOf(model, start, Math.min(start + lengthMs, end))));
    return touchedOrLatest(blocks, { from, to });
  };
}

function touchedOrLatest(
  blocks: readonly FeedbackBlock[],
  { from, to }: { from: number; to: number },
): FeedbackBlock[] {
  const touched = blocks.filter((block) => block.to > from && block.from < to);
  const has = (some: readonly FeedbackBlock[], { model, version }: FeedbackBlock) =>
    some.some((block) => block.model === model && block.version === version);
  const latest: FeedbackBlock[] = [];
  for (const block of blocks.toSorted((a, b) => b.to - a.to))
    if (
      block.to <= from &&
      block.to > from - LATELY_MS &&
      !has(touched, block) &&
      !has(latest, block)
    )
      latest.push(block);
  return [...touched, ...latest];
}
