import type { Buckets, ExponentialHistogram } from "@selvedge/protocol";

/**
 * The buckets of a histogram that have anything in them: what a device measured in a minute fills a few of
 * more than a hundred.
 */
export interface SparseBuckets {
  /** The positive ones, then the negative ones. */
  readonly buckets: number[];
  /** One for each of them. */
  readonly counts: number[];
  /** How many of them are positive. */
  readonly positives: number;
}

/** Leaves out the buckets that are empty. */
export function toSparse({ positive, negative }: ExponentialHistogram): SparseBuckets {
  const buckets: number[] = [];
  const counts: number[] = [];
  pushFilled(positive, buckets, counts);
  const positives = buckets.length;
  pushFilled(negative, buckets, counts);
  return { buckets, counts, positives };
}

/** Puts the empty buckets back between those that are not. */
export function toDense({ buckets, counts, positives }: SparseBuckets): {
  readonly positive: Buckets;
  readonly negative: Buckets;
} {
  return {
    positive: denseSide(buckets.slice(0, positives), counts.slice(0, positives)),
    negative: denseSide(buckets.slice(positives), counts.slice(positives)),
  };
}

function pushFilled({ offset, counts: dense }: Buckets, buckets: number[], counts: number[]): void {
  // By index, for this is done for every point there is.
  for (let i = 0; i < dense.length; i++) {
    const count = dense[i] ?? 0;
    if (count === 0) continue;
    buckets.push(offset + i);
    counts.push(count);
  }
}

function denseSide(buckets: readonly number[], counts: readonly number[]): Buckets {
  const offset = buckets[0] ?? 0;
  const last = buckets.at(-1) ?? offset - 1;
  const dense = new Array<number>(last - offset + 1).fill(0);
  for (const [i, bucket] of buckets.entries()) dense[bucket - offset] = counts[i] ?? 0;
  return { offset, counts: dense };
}
