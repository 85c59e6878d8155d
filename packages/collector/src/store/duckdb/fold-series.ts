import type { Source } from "./sources.ts";

/** Series and steps that an answer has at most: each is an object here, and a number or more on the wire. */
const MAX_CELLS = 100_000;

/** The most series of an answer, however few steps it has. */
const MAX_SERIES = 10_000;

/** How many series an answer of so many steps may have; whoever sends makes up as many as there are bounds. */
export function mostSeries(steps: number): number {
  return Math.max(1, Math.min(MAX_SERIES, Math.floor(MAX_CELLS / Math.max(1, steps))));
}

/** The rows of a query that has room for every answer but one that `foldSeries` has to make smaller. */
export const MAX_ROWS: number = 2 * MAX_CELLS;

/**
 * The same rows, in which all series are called `other` but those that most was counted of: sums stay what
 * they are, and an answer has so many series and one at most. It takes a pass of its own, and is for
 * questions that turned out to be about too many.
 *
 * @param labels what series are told apart by
 * @param weight SQL for what is counted
 * @param where SQL for which rows are asked about
 */
export function foldSeries(
  { rows, parameters }: Source,
  {
    labels,
    weight,
    where,
    most,
  }: { labels: readonly string[]; weight: string; where: string; most: number },
): Source {
  const told = `hash(${labels.map((label) => `coalesce("${label}", 'unknown')`).join(", ")})`;
  const folded = labels
    .map((label) => `CASE WHEN is_shown THEN "${label}" ELSE 'other' END AS "${label}"`)
    .join(", ");
  return {
    rows: `(SELECT * EXCLUDE (told, is_shown) REPLACE (${folded})
      FROM (SELECT *, ${told} AS told FROM ${rows} WHERE ${where})
      LEFT JOIN (
        SELECT told, true AS is_shown FROM (SELECT ${told} AS told, ${weight} AS weight FROM ${rows} WHERE ${where})
        GROUP BY told ORDER BY sum(weight) DESC, told LIMIT ${most}) USING (told))`,
    parameters,
  };
}
