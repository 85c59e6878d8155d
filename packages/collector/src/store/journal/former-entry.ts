import type { ExponentialHistogram } from "@selvedge/protocol";
import type { Series } from "../series-numbers.ts";
import { toSparse } from "../sparse-histogram.ts";
import type { HistogramPoint, MetricsBatch } from "../store.ts";
import { seriesAt } from "./series-at.ts";

/** A batch of metrics as former versions wrote it, all of it JSON. */
export interface FormerBatch {
  readonly batch: Omit<MetricsBatch, "histograms"> & {
    /** With their empty buckets; none where the points are in `packed`. */
    readonly histograms: readonly (Omit<HistogramPoint, "histogram"> & {
      readonly histogram: ExponentialHistogram;
    })[];
  };
  readonly packed?: {
    readonly series: readonly Series[];
    readonly histograms: readonly FormerHistogram[];
    readonly counters: readonly (readonly [series: number, timeMs: number, value: number])[];
  };
}

type FormerHistogram = readonly [
  series: number,
  timeMs: number,
  scale: number,
  count: number,
  sum: number,
  min: number | null,
  max: number | null,
  zeroCount: number,
  positives: number,
  buckets: readonly number[],
  counts: readonly number[],
];

/** What a former version wrote, for a collector that was killed before it was updated. */
export function readFormerBatch({ batch, packed }: FormerBatch): MetricsBatch {
  if (packed === undefined) {
    const histograms = batch.histograms.map((point) => ({
      ...point,
      histogram: toSparse(point.histogram),
    }));
    return { ...batch, histograms };
  }
  const { series } = packed;
  return {
    ...batch,
    histograms: packed.histograms.map(
      ([number, timeMs, scale, count, sum, min, max, zeroCount, positives, buckets, counts]) => ({
        ...seriesAt(series, number),
        timeMs,
        histogram: {
          ...{ scale, count, sum, min: min ?? undefined, max: max ?? undefined, zeroCount },
          ...{ positives, buckets, counts },
        },
      }),
    ),
    counters: packed.counters.map(([number, timeMs, value]) => ({
      ...seriesAt(series, number),
      timeMs,
      value,
    })),
  };
}
