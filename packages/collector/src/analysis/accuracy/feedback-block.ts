import { type ExponentialHistogram, mergeHistograms } from "@selvedge/protocol";
import { MIN_HOLDERS } from "../drift/group-bins.ts";
import { mergeConfusions, type PublishedConfusion, publishConfusion } from "./publish-confusion.ts";
import type { FeedbackTally, Tenth } from "./tally-feedback.ts";

/**
 * What may be known of a version's feedback over a block of whole days, but for how many were right and
 * how many wrong: everything that an answer tells apart further is computed from these.
 */
export interface FeedbackBlock {
  readonly model: string;
  readonly version: string;
  /** Milliseconds since 1970, midnights in UTC. */
  readonly from: number;
  readonly to: number;
  readonly confusion: PublishedConfusion;
  /** Tenths of confidence with fifty judged predictions and more. */
  readonly tenths: readonly Tenth[];
  /** How far values were off, where fifty were told; without the least and the most, each of which is one. */
  readonly error: ExponentialHistogram | undefined;
}

/** Reduces what feedback said over a block to what may be known of it. */
export function publishFeedback(
  tally: FeedbackTally,
  { from, to }: { readonly from: number; readonly to: number },
): FeedbackBlock {
  const { model, version, cells, tenths, error } = tally;
  return {
    ...{ model, version, from, to },
    confusion: publishConfusion([...cells.values()]),
    tenths: publishTenths([...tenths.values()]),
    error: publishError(error),
  };
}

/** Blocks of one version as one; `undefined` without any. */
export function mergeBlocks(blocks: readonly FeedbackBlock[]): FeedbackBlock | undefined {
  const [first] = blocks;
  if (first === undefined) return undefined;
  const tenths = new Map<number, Tenth>();
  for (const { tenth, judged, correct } of blocks.flatMap((block) => block.tenths)) {
    const known = tenths.get(tenth) ?? { judged: 0, correct: 0 };
    const sums = { judged: known.judged + judged, correct: known.correct + correct };
    tenths.set(tenth, { tenth, ...sums });
  }
  const errors = blocks.flatMap(({ error }) => error ?? []);
  return {
    model: first.model,
    version: first.version,
    from: Math.min(...blocks.map(({ from }) => from)),
    to: Math.max(...blocks.map(({ to }) => to)),
    confusion: mergeConfusions(blocks.map(({ confusion }) => confusion)),
    tenths: [...tenths.values()].toSorted((a, b) => a.tenth - b.tenth),
    error: errors.length === 0 ? undefined : errors.reduce(mergeHistograms),
  };
}

function publishError(error: ExponentialHistogram | undefined): ExponentialHistogram | undefined {
  if (error === undefined || error.count < MIN_HOLDERS) return undefined;
  return { ...error, min: undefined, max: undefined };
}

/** Those that are too few are left out, with the next fewest where all that were left out are too few. */
function publishTenths(tenths: readonly Tenth[]): Tenth[] {
  const shown = tenths.toSorted((a, b) => b.judged - a.judged);
  let hidden = 0;
  for (let last = shown.at(-1); last !== undefined; last = shown.at(-1)) {
    const isEnough = last.judged >= MIN_HOLDERS && (hidden === 0 || hidden >= MIN_HOLDERS);
    if (isEnough) break;
    hidden += last.judged;
    shown.pop();
  }
  return shown.toSorted((a, b) => a.tenth - b.tenth);
}
