import type { AccuracyAnswer } from "@selvedge/protocol";
import { MIN_HOLDERS } from "../drift/group-bins.ts";
import type { FeedbackTally } from "./tally-feedback.ts";

type Confusion = AccuracyAnswer["versions"][number]["confusion"];

/** What cells that may not be shown are together: a class of no model's, or one called so with them. */
const OTHER = "other";

/** The most cells of a block that are shown; classes beyond a few hundred pairs are nothing to look at. */
const MAX_CELLS = 500;

/** What may be known of what was taken for what in one block. */
export interface PublishedConfusion {
  /** Cells of fifty predictions and more. */
  readonly shown: Confusion;
  /** Predictions in all other cells together, and those that told no classes. */
  readonly hidden: number;
}

/**
 * Reduces the cells of a block to what may be known of them: feedback says nothing of who gave it, so that
 * a cell of fewer than fifty predictions may be of fewer than fifty people. Such cells are one, together
 * with the next rarest where they are too few together.
 *
 * How many predictions were right and how many wrong is told besides. So the cells of either kind are
 * joined among themselves, with those of whose classes nothing was told, and what follows by subtraction
 * has fifty as well, or is all of its kind.
 */
export function publishConfusion({
  judged,
  correct,
  cells,
}: Pick<FeedbackTally, "judged" | "correct" | "cells">): PublishedConfusion {
  const all = [...cells.values()];
  const kinds = [true, false].map((isRight) => {
    const some = all.filter(({ predicted, label }) => (predicted === label) === isRight);
    return joinRare(some, isRight ? correct : judged - correct);
  });
  return {
    shown: kinds.flatMap(({ shown }) => shown),
    hidden: sum(kinds.map(({ hidden }) => hidden)),
  };
}

/**
 * Several blocks as one. A cell is shown where every block shows it: what is known of a window is made of
 * what is known of its blocks, so that no two windows tell more than they do.
 */
export function mergeConfusions(blocks: readonly PublishedConfusion[]): PublishedConfusion {
  const counts = new Map<string, { predicted: string; label: string; count: number; in: number }>();
  for (const { shown } of blocks)
    for (const { predicted, label, count } of shown) {
      const key = JSON.stringify([predicted, label]);
      const known = counts.get(key) ?? { predicted, label, count: 0, in: 0 };
      counts.set(key, { ...known, count: known.count + count, in: known.in + 1 });
    }
  const cells = [...counts.values()];
  const isInAll = (cell: (typeof cells)[number]) => cell.in === blocks.length;
  const left = cells.filter((cell) => !isInAll(cell)).map(({ count }) => count);
  return {
    shown: cells
      .filter(isInAll)
      .map(({ predicted, label, count }) => ({ predicted, label, count })),
    hidden: sum(left) + sum(blocks.map(({ hidden }) => hidden)),
  };
}

/** The cells of an answer, the most frequent first; the hidden ones are one, or none where they are too few. */
export function writeConfusion({ shown, hidden }: PublishedConfusion): Confusion {
  const others = hidden < MIN_HOLDERS ? [] : [{ predicted: OTHER, label: OTHER, count: hidden }];
  return [...shown, ...others].toSorted(
    (a, b) =>
      b.count - a.count || compareText(a.predicted, b.predicted) || compareText(a.label, b.label),
  );
}

/** @param total how many there are of the kind, those that told no classes included */
function joinRare(cells: Confusion, total: number): PublishedConfusion {
  // Where no classes are told at all, none is hidden.
  if (cells.length === 0) return { shown: [], hidden: 0 };
  const isRare = (cell: Confusion[number]) =>
    cell.count < MIN_HOLDERS || (cell.predicted === OTHER && cell.label === OTHER);
  const others = cells.filter((cell) => !isRare(cell)).toSorted((a, b) => a.count - b.count);
  others.splice(0, Math.max(0, others.length - MAX_CELLS));
  const hidden = () => total - sum(others.map(({ count }) => count));
  while (others.length > 0 && hidden() > 0 && hidden() < MIN_HOLDERS) others.shift();
  return { shown: others, hidden: hidden() };
}

function sum(counts: readonly number[]): number {
  return counts.reduce((total, count) => total + count, 0);
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}
