import { createSeriesNumbers, type Series } from "../series-numbers.ts";
import type { MetricsBatch, SparseHistogram } from "../store.ts";
import { seriesAt } from "./series-at.ts";

/** What nearly all of telemetry is. */
type Points = Pick<MetricsBatch, "histograms" | "counters">;

/** The same, as a journal keeps them: what is said of series once, and all else as numbers. */
export interface PackedPoints {
  readonly series: readonly Series[];
  /** How many there are of each. */
  readonly histograms: number;
  readonly counters: number;
  /**
   * One after the other. Of a histogram: series, time in ms, scale, count, sum, min, max, count of zeros,
   * how many buckets are positive, how many there are, the buckets, their counts; NaN for what is not
   * known. Of a counter: series, time in ms, value.
   */
  readonly numbers: Float64Array;
}

/** Numbers of a histogram beside its buckets, and of a counter. */
const OF_HISTOGRAM = 10;
const OF_COUNTER = 3;

/** Packs points: to write them as JSON takes five times as long. */
export function packPoints({ histograms, counters }: Points): PackedPoints {
  const series = createSeriesNumbers();
  let length = counters.length * OF_COUNTER;
  for (const { histogram } of histograms) length += OF_HISTOGRAM + 2 * histogram.buckets.length;
  const numbers = new Float64Array(length);
  let at = 0;
  for (const point of histograms) {
    const { scale, count, sum, min, max, zeroCount } = point.histogram;
    const { positives, buckets, counts } = point.histogram;
    numbers[at] = series.of(point);
    numbers[at + 1] = point.timeMs;
    numbers[at + 2] = scale;
    numbers[at + 3] = count;
    numbers[at + 4] = sum;
    numbers[at + 5] = min ?? Number.NaN;
    numbers[at + 6] = max ?? Number.NaN;
    numbers[at + 7] = zeroCount;
    numbers[at + 8] = positives;
    numbers[at + 9] = buckets.length;
    at += OF_HISTOGRAM;
    // For so few, one by one is faster than all at once.
    for (const bucket of buckets) numbers[at++] = bucket;
    for (const n of counts) numbers[at++] = n;
  }
  for (const point of counters) {
    numbers[at] = series.of(point);
    numbers[at + 1] = point.timeMs;
    numbers[at + 2] = point.value;
    at += OF_COUNTER;
  }
  const { all } = series;
  return { series: all, histograms: histograms.length, counters: counters.length, numbers };
}

/**
 * Reads what `packPoints` packed.
 *
 * @throws Error where numbers are missing, or name a series that there is none of
 */
export function unpackPoints({ series, numbers, ...lengths }: PackedPoints): Points {
  let at = 0;
  const next = (): number => {
    const number = numbers[at];
    if (number === undefined) throw new Error("a journal's entry lacks numbers");
    at += 1;
    return number;
  };
  const known = (): number | undefined => {
    const number = next();
    return Number.isNaN(number) ? undefined : number;
  };
  const list = (length: number): number[] => Array.from({ length }, next);
  const histogram = (): SparseHistogram => {
    const [scale, count, sum] = [next(), next(), next()];
    const [min, max] = [known(), known()];
    const [zeroCount, positives, length] = [next(), next(), next()];
    const [buckets, counts] = [list(length), list(length)];
    return { scale, count, sum, min, max, zeroCount, positives, buckets, counts };
  };
  // Fields are read in the order in which they stand here.
  return {
    histograms: Array.from({ length: lengths.histograms }, () => ({
      ...seriesAt(series, next()),
      timeMs: next(),
      histogram: histogram(),
    })),
    counters: Array.from({ length: lengths.counters }, () => ({
      ...seriesAt(series, next()),
      timeMs: next(),
      value: next(),
    })),
  };
}
