import type { AccuracyAnswer } from "@selvedge/protocol";
import { MIN_HOLDERS } from "../drift/group-bins.ts";

type Confusion = AccuracyAnswer["versions"][number]["confusion"];

/** What cells that may not be shown are together: a class of no model's, or one called so with them. */
const OTHER = "other";

/** The most cells of a block that are shown; classes beyond a few hundred pairs are nothing to look at. */
const MAX_CELLS = 500;

/** What may be known of what was taken for what in one block. */
export interface PublishedConfusion {
  /** Cells of fifty predictions and more. */
  readonly shown: Confusion;
  /** Predictions in all other cells together. */
  readonly hidden: number;
}

/**
 * Reduces the cells of a block to what may be known of them: feedback says nothing of who gave it, so that
 * a cell of fewer than fifty predictions may be of fewer than fifty people. Such cells are one, together
 * with the next rarest where they are too few together.
 *
 * How many predictions were right and how many wrong is told besides. So the cells of either kind are
 * joined among themselves, and what follows by subtraction has fifty as well, or is all of its kind.
 */
export function publishConfusion(cells: Confusion): PublishedConfusion {
  const kinds = [true, false].map((isRight) =>
    joinRare(cells.filter(({ predicted, label }) => (predicted === label) === isRight)),
  );
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

function joinRare(cells: Confusion): PublishedConfusion {
  const isRare = (cell: Confusion[number]) =>
    cell.count < MIN_HOLDERS || (cell.predicted === OTHER && cell.label === OTHER);
  const rare = cells.filter(isRare);
  const others = cells.filter((cell) => !isRare(cell)).toSorted((a, b) => a.count - b.count);
  const excess = others.splice(0, Math.max(0, others.length - MAX_CELLS));
  let hidden = sum([...rare, ...excess].map(({ count }) => count));
  while (rare.length > 0 && hidden < MIN_HOLDERS) {
    const next = others.shift();
    if (next === undefined) break;
    hidden += next.count;
  }
  return { shown: others, hidden };
}

function sum(counts: readonly number[]): number {
  return counts.reduce((total, count) => total + count, 0);
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}
