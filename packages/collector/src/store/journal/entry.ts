import { createSeriesNumbers, type Series } from "../series-numbers.ts";
import { toDense, toSparse } from "../sparse-buckets.ts";
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
  buckets: number[],
  counts: number[],
];

/** A batch of metrics on disk; those of former versions are not packed. */
interface PackedEntry {
  readonly signal: "metrics";
  readonly batch: MetricsBatch;
  readonly packed?: Packed;
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
  const entry: PackedEntry | Exclude<Entry, { signal: "metrics" }> = JSON.parse(text);
  if (entry.signal !== "metrics" || entry.packed === undefined) return entry;
  return { signal: "metrics", batch: { ...entry.batch, ...unpack(entry.packed) } };
}

function pack({ histograms, counters }: MetricsBatch): Packed {
  const series = createSeriesNumbers();
  return {
    histograms: histograms.map((point): PackedHistogram => {
      const { scale, count, sum, min = null, max = null, zeroCount } = point.histogram;
      const { positives, buckets, counts } = toSparse(point.histogram);
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
          ...toDense({ positives, buckets, counts }),
        },
      }),
    ),
    counters: counters.map(([number, timeMs, value]) => ({ ...seriesOf(number), timeMs, value })),
  };
}
