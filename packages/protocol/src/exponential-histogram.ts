/**
 * Counts of values in buckets whose width grows with the value, so that a quantile is known to a
 * fixed relative error over any range. At scale `s` bucket `k` holds `(γ^k, γ^(k+1)]` with
 * `γ = 2^(2^-s)`: a relative error of 4.4% at scale 3, 2.2% at scale 4, 1.1% at scale 5.
 *
 * Boundaries are the same everywhere, so histograms of many devices add up exactly.
 *
 * @see https://opentelemetry.io/docs/specs/otel/metrics/data-model/#exponentialhistogram
 */
export interface ExponentialHistogram {
  readonly scale: number;
  readonly count: number;
  readonly sum: number;
  /** `undefined` while nothing has been recorded. */
  readonly min: number | undefined;
  readonly max: number | undefined;
  readonly zeroCount: number;
  readonly positive: Buckets;
  /** Buckets of the absolute values of what is below zero. */
  readonly negative: Buckets;
}

/** `counts[i]` belongs to bucket `offset + i`. */
export interface Buckets {
  readonly offset: number;
  readonly counts: readonly number[];
}

/** The most buckets kept on either side; past that the scale is lowered until they fit. */
export const MAX_BUCKETS = 160;

/** The finest resolution kept; OTLP's own limit is 20. */
export const MAX_SCALE = 20;

const NO_BUCKETS: Buckets = { offset: 0, counts: [] };

/** A histogram with nothing in it. */
export function emptyHistogram(scale = 5): ExponentialHistogram {
  return {
    scale,
    count: 0,
    sum: 0,
    min: undefined,
    max: undefined,
    zeroCount: 0,
    positive: NO_BUCKETS,
    negative: NO_BUCKETS,
  };
}

/** Adds one value. Values that are not finite are not counted: they have no bucket. */
export function recordValue(histogram: ExponentialHistogram, value: number): ExponentialHistogram {
  if (!Number.isFinite(value)) return histogram;
  const { scale } = histogram;
  const one = (magnitude: number): Buckets => ({
    offset: bucketIndex(magnitude, scale),
    counts: [1],
  });
  return mergeHistograms(histogram, {
    scale,
    count: 1,
    sum: value,
    min: value,
    max: value,
    zeroCount: value === 0 ? 1 : 0,
    positive: value > 0 ? one(value) : NO_BUCKETS,
    negative: value < 0 ? one(-value) : NO_BUCKETS,
  });
}

/** The histogram of everything that was recorded in either; at the coarser scale of the two. */
export function mergeHistograms(
  a: ExponentialHistogram,
  b: ExponentialHistogram,
): ExponentialHistogram {
  let scale = Math.min(a.scale, b.scale);
  const at = (buckets: Buckets, from: number): Buckets => coarsen(buckets, from - scale);
  const tooWide = (x: Buckets, y: Buckets) => span(at(x, a.scale), at(y, b.scale)) > MAX_BUCKETS;
  while (tooWide(a.positive, b.positive) || tooWide(a.negative, b.negative)) scale -= 1;
  return {
    scale,
    count: a.count + b.count,
    sum: a.sum + b.sum,
    min: extreme(Math.min, a.min, b.min),
    max: extreme(Math.max, a.max, b.max),
    zeroCount: a.zeroCount + b.zeroCount,
    positive: addBuckets(at(a.positive, a.scale), at(b.positive, b.scale)),
    negative: addBuckets(at(a.negative, a.scale), at(b.negative, b.scale)),
  };
}

/**
 * The value below which a share `q` of the recorded values lies: the middle of its bucket, in the
 * harmonic sense, held within the smallest and largest value seen.
 *
 * @param q from 0 to 1
 * @returns `undefined` for an empty histogram
 */
export function quantile(histogram: ExponentialHistogram, q: number): number | undefined {
  if (histogram.count === 0) return undefined;
  const within = (value: number) =>
    Math.min(histogram.max ?? value, Math.max(histogram.min ?? value, value));
  let remaining = Math.max(1, Math.ceil(q * histogram.count));
  const { negative, positive } = histogram;
  for (let i = negative.counts.length - 1; i >= 0; i--) {
    remaining -= negative.counts[i] ?? 0;
    if (remaining <= 0) return within(-bucketMiddle(negative.offset + i, histogram.scale));
  }
  remaining -= histogram.zeroCount;
  if (remaining <= 0) return within(0);
  for (let i = 0; i < positive.counts.length; i++) {
    remaining -= positive.counts[i] ?? 0;
    if (remaining <= 0) return within(bucketMiddle(positive.offset + i, histogram.scale));
  }
  return histogram.max;
}

/** The bucket of a value above zero. */
export function bucketIndex(value: number, scale: number): number {
  const estimate = Math.ceil(Math.log2(value) * 2 ** scale) - 1;
  // The logarithm is off by a rounding error next to a boundary; the boundary itself decides.
  if (lowerBound(estimate, scale) >= value) return estimate - 1;
  if (lowerBound(estimate + 1, scale) < value) return estimate + 1;
  return estimate;
}

function lowerBound(index: number, scale: number): number {
  return 2 ** (index * 2 ** -scale);
}

/**
 * Is off by the same share of either bound, (γ − 1)/(γ + 1), and so by the least that can be.
 *
 * @see https://doi.org/10.14778/3352063.3352135
 */
function bucketMiddle(index: number, scale: number): number {
  return (lowerBound(index, scale) * 2) / (1 + 2 ** -(2 ** -scale));
}

/** The same counts `steps` scales lower: 2^steps neighbouring buckets become one. */
function coarsen({ offset, counts }: Buckets, steps: number): Buckets {
  if (steps === 0 || counts.length === 0) return { offset, counts };
  const factor = 2 ** steps;
  const start = Math.floor(offset / factor);
  const merged: number[] = [];
  for (const [i, count] of counts.entries()) {
    const slot = Math.floor((offset + i) / factor) - start;
    merged[slot] = (merged[slot] ?? 0) + count;
  }
  return { offset: start, counts: merged };
}

/** How many buckets it takes to hold both. */
function span(a: Buckets, b: Buckets): number {
  const [first, second] = [a, b].filter(({ counts }) => counts.length > 0);
  if (first === undefined) return 0;
  if (second === undefined) return first.counts.length;
  const end = Math.max(first.offset + first.counts.length, second.offset + second.counts.length);
  return end - Math.min(first.offset, second.offset);
}

function addBuckets(a: Buckets, b: Buckets): Buckets {
  if (a.counts.length === 0) return b;
  if (b.counts.length === 0) return a;
  const offset = Math.min(a.offset, b.offset);
  const end = Math.max(a.offset + a.counts.length, b.offset + b.counts.length);
  const counts = new Array<number>(end - offset).fill(0);
  for (const { offset: from, counts: added } of [a, b])
    for (let i = 0; i < added.length; i++) {
      const slot = from - offset + i;
      counts[slot] = (counts[slot] ?? 0) + (added[i] ?? 0);
    }
  return { offset, counts };
}

function extreme(
  pick: (a: number, b: number) => number,
  a: number | undefined,
  b: number | undefined,
): number | undefined {
  if (a === undefined) return b;
  return b === undefined ? a : pick(a, b);
}
