import type { AccuracyAnswer } from "@selvedge/protocol";
import { MIN_HOLDERS } from "./drift/group-bins.ts";

type Confusion = AccuracyAnswer["versions"][number]["confusion"];

/** What cells that may not be shown are together: a class of no model's, or one called so with them. */
const OTHER = "other";

/**
 * What may be known of what was taken for what: feedback says nothing of who gave it, so that a cell of
 * fewer than fifty predictions may be of fewer than fifty people. Such cells are one, together with the
 * next rarest where they are too few together.
 *
 * How many predictions were right and how many wrong is told besides. So the cells of either kind are
 * joined among themselves, and what follows by subtraction has fifty as well, or is all of its kind.
 */
export function publishConfusion(cells: Confusion): Confusion {
  const kinds = [true, false].map((isRight) =>
    joinRare(cells.filter(({ predicted, label }) => (predicted === label) === isRight)),
  );
  const hidden = kinds.reduce((sum, kind) => sum + kind.hidden, 0);
  const shown = kinds.flatMap((kind) => kind.shown);
  return hidden < MIN_HOLDERS
    ? shown
    : [...shown, { predicted: OTHER, label: OTHER, count: hidden }];
}

function joinRare(cells: Confusion): { readonly shown: Confusion; readonly hidden: number } {
  const isRare = (cell: Confusion[number]) =>
    cell.count < MIN_HOLDERS || (cell.predicted === OTHER && cell.label === OTHER);
  const rare = cells.filter(isRare);
  const others = cells.filter((cell) => !isRare(cell)).toSorted((a, b) => a.count - b.count);
  let hidden = rare.reduce((sum, { count }) => sum + count, 0);
  while (rare.length > 0 && hidden < MIN_HOLDERS) {
    const next = others.shift();
    if (next === undefined) break;
    hidden += next.count;
  }
  return { shown: others, hidden };
}
