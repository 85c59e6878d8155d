import { givenUp } from "../../store/given-up.ts";
import type { Asking, Store, Window } from "../../store/store.ts";
import { lastMidnight } from "../drift/read-days.ts";
import { DAY_MS, periodsOf } from "../drift/to-blocks.ts";
import type { FeedbackBlock } from "./feedback-block.ts";
import { type Folded, foldDay } from "./fold-days.ts";
import { tallyFeedback, versionKey } from "./tally-feedback.ts";

/**
 * The blocks that a window touches, and for a version that has none there its latest before that. Whoever
 * goes away is answered `closed`; what was read by then stays, and whoever waits behind goes on from there.
 */
export type ReadFeedbackBlocks = (
  window: Window,
  asking?: Asking,
) => Promise<readonly FeedbackBlock[]>;

/** Models and periods whose blocks are kept; what is forgotten is read again. */
const MAX_KEPT = 64;

const WEEK_MS = 7 * DAY_MS;

/** Days that are read at a time: each may have as many rows as there are series. */
const AT_ONCE_MS = WEEK_MS;

/** How far back a block may lie that answers for a window without one. */
const LATELY_MS = 4 * WEEK_MS;

interface Period extends Folded {
  /** The first day that has not been read yet. */
  next: number;
  /** Ends when whoever came before has read what there was. */
  reading: Promise<void>;
}

/**
 * Reads blocks of feedback. Days are read in their order, some at a time, each once, when they are over and
 * take nothing more (`open-day.ts`); what is asked decides which blocks are told, never where one begins.
 *
 * @param keptMs how long feedback is kept
 */
export function createFeedbackBlockReader({
  store,
  keptMs,
  now,
}: {
  readonly store: Pick<Store, "dailyFeedback">;
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

  const readUpTo = async (
    period: Period,
    { model, to }: Pick<Window, "model" | "to">,
    asking: Asking,
  ): Promise<void> => {
    while (period.next < to) {
      if (asking.signal?.aborted) throw givenUp();
      const until = Math.min(period.next + AT_ONCE_MS, to);
      const days = await store.dailyFeedback({ from: period.next, to: until, model }, asking);
      const byDay = new Map(days.map((said) => [said.day, tallyFeedback(said)]));
      // Days without feedback close blocks as well.
      for (; period.next < until; period.next += DAY_MS)
        foldDay(period, period.next, byDay.get(period.next) ?? new Map());
    }
  };

  const blocksOf = async (
    from: number,
    { model, to }: Pick<Window, "model" | "to">,
    asking: Asking,
  ): Promise<readonly FeedbackBlock[]> => {
    const period = periodOf(model, from);
    const read = () => readUpTo(period, { model, to }, asking);
    period.reading = period.reading.then(read, read);
    await untilGone(period.reading, asking.signal);
    return period.blocks;
  };

  return async ({ from, to, model }, asking = {}) => {
    const nowMs = now();
    const end = lastMidnight(nowMs);
    const { lengthMs, firstMs } = periodsOf(keptMs, nowMs);
    const since = Math.max(from - LATELY_MS, firstMs);
    const blocks: FeedbackBlock[] = [];
    for (let start = since - (since % lengthMs); start < Math.min(to, end); start += lengthMs)
      blocks.push(
        ...(await blocksOf(start, { model, to: Math.min(start + lengthMs, end) }, asking)),
      );
    return touchedOrLatest(blocks, { from, to });
  };
}

/** Whoever sends can make up versions without end: each block is looked at once. */
function touchedOrLatest(
  blocks: readonly FeedbackBlock[],
  { from, to }: { from: number; to: number },
): FeedbackBlock[] {
  const touched = blocks.filter((block) => block.to > from && block.from < to);
  const told = new Set(touched.map(versionKey));
  const latest = new Map<string, FeedbackBlock>();
  for (const block of blocks) {
    const key = versionKey(block);
    const isLately = block.to <= from && block.to > from - LATELY_MS;
    if (isLately && !told.has(key) && block.to > (latest.get(key)?.to ?? 0)) latest.set(key, block);
  }
  return [...touched, ...latest.values()];
}

/** Waits no longer than whoever asked does. */
async function untilGone(reading: Promise<void>, signal: AbortSignal | undefined): Promise<void> {
  if (signal === undefined) return reading;
  let leave = (): void => undefined;
  const left = new Promise<never>((_, reject) => {
    leave = () => reject(givenUp());
  });
  signal.addEventListener("abort", leave);
  if (signal.aborted) leave();
  try {
    await Promise.race([reading, left]);
  } finally {
    signal.removeEventListener("abort", leave);
  }
}
