import type { Buckets, ExponentialHistogram } from "@selvedge/protocol";
import type { SparseHistogram } from "./store.ts";

/** Leaves out the buckets that are empty. */
export function toSparse(histogram: ExponentialHistogram): SparseHistogram {
  const { positive, negative, ...rest } = histogram;
  const buckets: number[] = [];
  const counts: number[] = [];
  pushFilled(positive, buckets, counts);
  const positives = buckets.length;
  pushFilled(negative, buckets, counts);
  return { ...rest, buckets, counts, positives };
}

/** Puts the empty buckets back between those that are not. */
export function toDense(histogram: SparseHistogram): ExponentialHistogram {
  const { buckets, counts, positives, ...rest } = histogram;
  return {
    ...rest,
    positive: denseSide(buckets.slice(0, positives), counts.slice(0, positives)),
    negative: denseSide(buckets.slice(positives), counts.slice(positives)),
  };
}

function pushFilled({ offset, counts: dense }: Buckets, buckets: number[], counts: number[]): void {
  for (const [i, count] of dense.entries()) {
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
