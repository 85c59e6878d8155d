import { type ExponentialHistogram, quantile } from "@selvedge/protocol";
import { type Interval, Z95 } from "./interval.ts";

/**
 * A quantile of what was recorded, with the 95% interval between two order statistics: their ranks lie
 * as far around `q · count` as the binomial distribution lets the true quantile's rank stray. Ends are
 * those of the buckets that hold them, so that what a bucket rounds off widens the interval.
 *
 * @param q from 0 to 1, both excluded
 * @returns `undefined` where the histogram holds too little for those ranks to exist
 * @see H. A. David, H. N. Nagaraja, "Order Statistics" (2003), section 7.1
 */
export function quantileInterval(histogram: ExponentialHistogram, q: number): Interval | undefined {
  const { count } = histogram;
  const spread = Z95 * Math.sqrt(count * q * (1 - q));
  const below = Math.floor(count * q - spread);
  const above = Math.ceil(count * q + spread) + 1;
  const value = quantile(histogram, q);
  if (value === undefined || below < 1 || above > count) return undefined;
  const low = bucketOfRank(histogram, below).low;
  const high = bucketOfRank(histogram, above).high;
  return { value, low: Math.min(low, value), high: Math.max(high, value) };
}

/** The ends of the bucket that holds the value of this rank, counted from 1, within all that was seen. */
function bucketOfRank(
  { scale, negative, zeroCount, positive, min, max }: ExponentialHistogram,
  rank: number,
): { readonly low: number; readonly high: number } {
  const within = (low: number, high: number) => ({
    low: Math.max(low, min ?? low),
    high: Math.min(high, max ?? high),
  });
  const bound = (index: number) => 2 ** (index * 2 ** -scale);
  let remaining = rank;
  for (let i = negative.counts.length - 1; i >= 0; i--) {
    remaining -= negative.counts[i] ?? 0;
    const index = negative.offset + i;
    if (remaining <= 0) return within(-bound(index + 1), -bound(index));
  }
  remaining -= zeroCount;
  if (remaining <= 0) return within(0, 0);
  for (const [i, count] of positive.counts.entries()) {
    remaining -= count;
    const index = positive.offset + i;
    if (remaining <= 0) return within(bound(index), bound(index + 1));
  }
  return { low: max ?? 0, high: max ?? 0 };
}
