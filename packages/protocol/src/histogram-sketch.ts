import { bucketIndex, type ExponentialHistogram, MAX_BUCKETS } from "./exponential-histogram.ts";

/** Buckets of one sign, as `Buckets` has them, that grow in place. */
interface Side {
  offset: number;
  counts: number[];
}

/**
 * An exponential histogram that is added to in place: for whoever records far more often than anyone
 * looks. It comes to the same as `recordValue`, value by value.
 */
export class HistogramSketch {
  #scale: number;
  #count = 0;
  #sum = 0;
  #min = Number.POSITIVE_INFINITY;
  #max = Number.NEGATIVE_INFINITY;
  #zeroCount = 0;
  readonly #positive: Side = { offset: 0, counts: [] };
  readonly #negative: Side = { offset: 0, counts: [] };

  constructor(scale = 5) {
    this.#scale = scale;
  }

  /** Adds one value. Values that are not finite are not counted: they have no bucket. */
  record(value: number): void {
    if (!Number.isFinite(value)) return;
    this.#count++;
    this.#sum += value;
    this.#min = Math.min(this.#min, value);
    this.#max = Math.max(this.#max, value);
    if (value === 0) this.#zeroCount++;
    else this.#add(value > 0 ? this.#positive : this.#negative, Math.abs(value));
  }

  /** What was recorded so far. It does not change with what is recorded later. */
  snapshot(): ExponentialHistogram {
    const isEmpty = this.#count === 0;
    return {
      scale: this.#scale,
      count: this.#count,
      sum: this.#sum,
      min: isEmpty ? undefined : this.#min,
      max: isEmpty ? undefined : this.#max,
      zeroCount: this.#zeroCount,
      positive: { ...this.#positive, counts: [...this.#positive.counts] },
      negative: { ...this.#negative, counts: [...this.#negative.counts] },
    };
  }

  #add(side: Side, magnitude: number): void {
    let index = bucketIndex(magnitude, this.#scale);
    while (spanWith(side, index) > MAX_BUCKETS) {
      // A bucket of a coarser scale is the union of two of the finer one.
      index = Math.floor(index / 2);
      this.#scale--;
      for (const one of [this.#positive, this.#negative]) halve(one);
    }
    reach(side, index);
    const slot = index - side.offset;
    side.counts[slot] = (side.counts[slot] ?? 0) + 1;
  }
}

/** How many buckets it takes to hold one more. */
function spanWith({ offset, counts }: Side, index: number): number {
  if (counts.length === 0) return 1;
  return Math.max(offset + counts.length, index + 1) - Math.min(offset, index);
}

/** Makes room for a bucket, with zeros between it and the others. */
function reach(side: Side, index: number): void {
  if (side.counts.length === 0) side.offset = index;
  while (side.offset > index) {
    side.counts.unshift(0);
    side.offset--;
  }
  while (side.offset + side.counts.length <= index) side.counts.push(0);
}

function halve(side: Side): void {
  if (side.counts.length === 0) return;
  const offset = Math.floor(side.offset / 2);
  const counts: number[] = [];
  for (const [i, count] of side.counts.entries()) {
    const slot = Math.floor((side.offset + i) / 2) - offset;
    counts[slot] = (counts[slot] ?? 0) + count;
  }
  side.offset = offset;
  side.counts = counts;
}
