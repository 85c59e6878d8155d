import {
  type ExponentialHistogram,
  emptyHistogram,
  MAX_SCALE,
  mergeHistograms,
  type Quantiles,
  quantile,
} from "@selvedge/protocol";

/** Everything that histograms hold, in one. */
export function mergeAll(histograms: readonly ExponentialHistogram[]): ExponentialHistogram {
  const [first = emptyHistogram(MAX_SCALE), ...others] = histograms;
  return others.reduce(mergeHistograms, first);
}

/** Quantiles of everything in the histograms, from seconds to milliseconds; `null` for nothing. */
export function toQuantiles(histograms: readonly ExponentialHistogram[]): Quantiles | null {
  const merged = mergeAll(histograms);
  const ms = (q: number) => (quantile(merged, q) ?? 0) * 1000;
  return merged.count === 0
    ? null
    : { count: merged.count, p50: ms(0.5), p95: ms(0.95), p99: ms(0.99) };
}
