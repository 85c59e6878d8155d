import { MIN_HOLDERS } from "../drift/group-bins.ts";
import type { FeedbackTally, Tenth } from "./tally-feedback.ts";

/** Judged predictions whose confidence lay in some tenths next to one another. */
export interface ConfidenceRange {
  /** From 0 to 9. */
  readonly first: number;
  /** The last of its tenths, from `first` to 9. */
  readonly last: number;
  readonly judged: number;
  readonly correct: number;
}

/** All tenths of confidence. */
const TENTHS = 10;

/**
 * Reduces what a block says of confidence to what may be known of it. A tenth says how many were right and
 * how many were wrong: both are cells, and one of fewer than fifty may be one prediction. So tenths are
 * joined with their neighbours until a range has fifty of either; where one range has them all, it says no
 * more than the accuracy does, and none is told.
 *
 * Predictions without a confidence are a cell as well, which follows from how many were judged: where they
 * are too few, the smallest range is left out with them.
 */
export function publishCalibration(
  tally: Pick<FeedbackTally, "judged" | "correct" | "tenths">,
): ConfidenceRange[] {
  const tenths = [...tally.tenths.values()];
  const ranges = split(tenths, { first: 0, last: TENTHS - 1 });
  if (ranges.length < 2) return [];
  const all = sumOf(tenths);
  const isRestTold =
    isNoneOrEnough(tally.correct - all.correct) &&
    isNoneOrEnough(tally.judged - tally.correct - (all.judged - all.correct));
  if (isRestTold) return ranges;
  const fewest = Math.min(...ranges.map(({ judged }) => judged));
  const smallest = ranges.findIndex(({ judged }) => judged === fewest);
  return ranges.toSpliced(smallest, 1);
}

/**
 * The ranges of several blocks as one, lowest first: the widest of those that lie over one another, each
 * where every block has it whole. What is known of a window is made of what is known of its blocks.
 */
export function mergeCalibrations(
  blocks: readonly (readonly ConfidenceRange[])[],
): ConfidenceRange[] {
  if (blocks.length === 0) return [];
  const isEnd = (at: number) =>
    blocks.every((ranges) => ranges.some(({ first, last }) => first === at || last + 1 === at));
  const ends = Array.from({ length: TENTHS + 1 }, (_, at) => at).filter(isEnd);
  return ends.slice(1).flatMap((end, i) => {
    const range = { first: ends[i] ?? 0, last: end - 1 };
    const within = blocks.map((ranges) => ranges.filter((one) => isWithin(one, range)));
    const width = end - range.first;
    const isWhole = within.every(
      (some) => sum(some, ({ first, last }) => last + 1 - first) === width,
    );
    const isAll = width === TENTHS;
    return isWhole && !isAll ? [{ ...range, ...sumOf(within.flat()) }] : [];
  });
}

/**
 * Tenths are told apart two by two from the surest down, then one by one: where anything is cut hangs on
 * nothing but the range, so that the ranges of two blocks never overlap by half.
 */
function split(
  tenths: readonly Tenth[],
  { first, last }: Pick<ConfidenceRange, "first" | "last">,
): ConfidenceRange[] {
  const whole = { first, last, ...sumOf(tenths) };
  const cut = last - first > 1 ? last - 1 : last;
  const below = tenths.filter(({ tenth }) => tenth < cut);
  const above = tenths.filter(({ tenth }) => tenth >= cut);
  if (first === last || !isEnough(below) || !isEnough(above)) return [whole];
  return [...split(below, { first, last: cut - 1 }), ...split(above, { first: cut, last })];
}

function isEnough(tenths: readonly Tenth[]): boolean {
  const { judged, correct } = sumOf(tenths);
  return correct >= MIN_HOLDERS && judged - correct >= MIN_HOLDERS;
}

function isNoneOrEnough(count: number): boolean {
  return count === 0 || count >= MIN_HOLDERS;
}

function isWithin(
  { first, last }: ConfidenceRange,
  range: Pick<ConfidenceRange, "first" | "last">,
): boolean {
  return first >= range.first && last <= range.last;
}

function sumOf(counts: readonly Pick<Tenth, "judged" | "correct">[]) {
  return {
    judged: sum(counts, ({ judged }) => judged),
    correct: sum(counts, ({ correct }) => correct),
  };
}

function sum<T>(items: readonly T[], of: (item: T) => number): number {
  return items.reduce((total, item) => total + of(item), 0);
}
