import type { Series } from "../series-numbers.ts";

/**
 * What points of a series have in common, as JSON left it.
 *
 * @throws Error where there is no series of this number
 */
export function seriesAt(all: readonly Series[], number: number): Series {
  const found = all[number];
  if (found === undefined) throw new Error("a journal's entry names labels that it lacks");
  const { labels, attributes, resource, metric } = found;
  return { labels, attributes, resource, metric };
}
