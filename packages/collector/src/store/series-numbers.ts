import type { Labels, Observation } from "./store.ts";

/** What points of one metric have in common with others like them. */
export interface Series extends Omit<Observation, "timeMs"> {
  readonly metric: string;
}

/** Numbers for series, from 0 in the order in which they come. */
export interface SeriesNumbers {
  /** The number of the series that a point is of. */
  of(point: Series): number;
  /** The series by their numbers. */
  readonly all: readonly Series[];
}

/**
 * Numbers the series of many points, so that their labels are written once and not for each. Labels go by
 * identity, which takes no time: of those that are equal but not the same, each has a number.
 */
export function createSeriesNumbers(): SeriesNumbers {
  type ByResource = Map<string | undefined, number>;
  type ByAttributes = Map<string | undefined, ByResource>;
  const byLabels = new Map<Labels, Map<string, ByAttributes>>();
  const all: Series[] = [];
  return {
    all,
    of: ({ labels, metric, attributes, resource }) => {
      const byMetric = childOf(byLabels, labels);
      const byAttributes = childOf(byMetric, metric);
      const byResource = childOf(byAttributes, attributes);
      const known = byResource.get(resource);
      if (known !== undefined) return known;
      byResource.set(resource, all.length);
      return all.push({ labels, metric, attributes, resource }) - 1;
    },
  };
}

function childOf<K, A, B>(parent: Map<K, Map<A, B>>, key: K): Map<A, B> {
  const known = parent.get(key);
  if (known !== undefined) return known;
  const child = new Map<A, B>();
  parent.set(key, child);
  return child;
}
