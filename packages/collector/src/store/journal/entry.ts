import type { ExponentialHistogram } from "@selvedge/protocol";
import { createSeriesNumbers, type Series } from "../series-numbers.ts";
import { toSparse } from "../sparse-histogram.ts";
import type {
  CounterPoint,
  HistogramPoint,
  LogsBatch,
  MetricsBatch,
  SpansBatch,
} from "../store.ts";

/** A batch as the journal has it. */
export type Entry =
  | { readonly signal: "metrics"; readonly batch: MetricsBatch }
  | { readonly signal: "logs"; readonly batch: LogsBatch }
  | { readonly signal: "traces"; readonly batch: SpansBatch };

/** The points of a batch of metrics: labels once for all that have them, empty buckets not at all. */
interface Packed {
  readonly series: readonly Series[];
  readonly histograms: readonly PackedHistogram[];
  readonly counters: readonly (readonly [series: number, timeMs: number, value: number])[];
}

type PackedHistogram = readonly [
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

/** A batch of metrics on disk. */
interface PackedEntry {
  readonly signal: "metrics";
  readonly batch: MetricsBatch;
  readonly packed: Packed;
}

/** The same as former versions wrote it: every point with its labels and with its empty buckets. */
interface FormerEntry {
  readonly signal: "metrics";
  readonly batch: Omit<MetricsBatch, "histograms"> & {
    readonly histograms: readonly (Omit<HistogramPoint, "histogram"> & {
      readonly histogram: ExponentialHistogram;
    })[];
  };
}

/** Writes an entry as JSON: metrics, which are nearly all there is, in a third of the room and the time. */
export function encodeEntry(entry: Entry): string {
  if (entry.signal !== "metrics") return JSON.stringify(entry);
  const { batch } = entry;
  const left: MetricsBatch = { ...batch, histograms: [], counters: [] };
  const packed: PackedEntry = { signal: "metrics", batch: left, packed: pack(batch) };
  return JSON.stringify(packed);
}

/** Reads what `encodeEntry` wrote, of this version or of former ones. */
export function decodeEntry(text: string): Entry {
  const entry: PackedEntry | FormerEntry | Exclude<Entry, { signal: "metrics" }> = JSON.parse(text);
  if (entry.signal !== "metrics") return entry;
  if ("packed" in entry)
    return { signal: "metrics", batch: { ...entry.batch, ...unpack(entry.packed) } };
  const histograms = entry.batch.histograms.map((point) => ({
    ...point,
    histogram: toSparse(point.histogram),
  }));
  return { signal: "metrics", batch: { ...entry.batch, histograms } };
}

function pack({ histograms, counters }: MetricsBatch): Packed {
  const series = createSeriesNumbers();
  return {
    histograms: histograms.map((point): PackedHistogram => {
      const { scale, count, sum, min = null, max = null, zeroCount } = point.histogram;
      const { positives, buckets, counts } = point.histogram;
      const head = [series.of(point), point.timeMs, scale, count, sum, min, max] as const;
      return [...head, zeroCount, positives, buckets, counts];
    }),
    counters: counters.map((point) => [series.of(point), point.timeMs, point.value]),
    series: series.all,
  };
}

function unpack({ series, histograms, counters }: Packed): {
  readonly histograms: HistogramPoint[];
  readonly counters: CounterPoint[];
} {
  const seriesOf = (number: number): Series => {
    const found = series[number];
    if (found === undefined) throw new Error("a journal's entry names labels that it lacks");
    const { labels, attributes, resource, metric } = found;
    return { labels, attributes, resource, metric };
  };
  return {
    histograms: histograms.map(
      ([number, timeMs, scale, count, sum, min, max, zeroCount, positives, buckets, counts]) => ({
        ...seriesOf(number),
        timeMs,
        histogram: {
          ...{ scale, count, sum, min: min ?? undefined, max: max ?? undefined, zeroCount },
          ...{ positives, buckets, counts },
        },
      }),
    ),
    counters: counters.map(([number, timeMs, value]) => ({ ...seriesOf(number), timeMs, value })),
  };
}
