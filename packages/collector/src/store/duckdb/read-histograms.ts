import { type Buckets, type ExponentialHistogram, MAX_BUCKETS } from "@selvedge/protocol";
import { BUCKET_LISTS, bucketSums, joinSides } from "./bucket-sums.ts";
import { foldSeries, MAX_ROWS, mostSeries } from "./fold-series.ts";
import type { AnswerRow, ReadRows } from "./read-rows.ts";
import type { Source } from "./sources.ts";
import { labelColumns } from "./window.ts";

/**
 * The finest scale a question is answered at, a relative error of 0.5%. Without it, points of a
 * finer scale would come back as a row for nearly every value that was measured.
 */
const ANSWER_SCALE = 6;

/** All that was measured of one metric under one set of labels, in one step. */
export interface LabelledHistogram {
  readonly metric: string;
  /** Has a text column for each label. */
  readonly row: AnswerRow;
  readonly step: number;
  readonly histogram: ExponentialHistogram;
}

/** What is asked of histograms. */
interface HistogramQuestion {
  readonly metrics: readonly string[];
  readonly labels: readonly string[];
  /** SQL for the step of a row; absent: all are of one. */
  readonly step?: string;
  /** How many there are. @default 1 */
  readonly steps?: number;
  readonly source: Source;
}

/**
 * Adds up the points of each metric by labels, step and scale; series that are too many for one answer are
 * one, `other`.
 */
export async function readHistograms(
  read: ReadRows,
  question: HistogramQuestion,
): Promise<LabelledHistogram[]> {
  const { labels, steps = 1, source } = question;
  const found = await readWhole(read, question);
  if (found !== undefined && areFew(found, labels, steps)) return found;
  const most = mostSeries(steps);
  const folded = foldSeries(source, { labels, weight: "count", where: isAsked(question), most });
  return readSums(read, { ...question, source: folded, isOneScale: true });
}

/** The same with every series told apart; `undefined` where that is more than there is room for. */
export async function readWhole(
  read: ReadRows,
  question: HistogramQuestion,
): Promise<LabelledHistogram[] | undefined> {
  const found = await readSums(read, question);
  return found.length <= MAX_ROWS ? found : undefined;
}

/** Whether an answer of so many steps has room for all series that are told apart by these labels. */
export function areFew(
  found: readonly LabelledHistogram[],
  labels: readonly string[],
  steps: number,
): boolean {
  const series = new Set(found.map(({ row }) => JSON.stringify(labels.map((l) => row.text(l)))));
  return series.size <= mostSeries(steps);
}

/**
 * The adding is DuckDB's, bucket by bucket, so that what reaches JavaScript grows with what is shown and
 * not with what was sent. Of what is more than there is room for, only so much is read that it is noticed.
 *
 * @param isOneScale whether a step of a series is one row, as coarse as the coarsest point of it
 */
async function readSums(
  read: ReadRows,
  question: HistogramQuestion & { readonly isOneScale?: boolean },
): Promise<LabelledHistogram[]> {
  const { labels, step = "0", source, isOneScale = false } = question;
  const names = labels.map((label) => `"${label}"`).join(", ");
  // By one hash of all that sums are told apart by: to group by texts, or by columns more, takes most of the time.
  const told = [names, "metric", "step", "coarse"].join(", ");
  const fine = `least(scale, ${ANSWER_SCALE})`;
  const all = labels.map((label) => `coalesce("${label}", 'unknown')`).join(", ");
  const coarse = isOneScale
    ? `min(${fine}) OVER (PARTITION BY hash(${all}), metric, ${step})`
    : fine;
  const any = [...labels, "metric", "step", "coarse"]
    .map((column) => `any_value("${column}") AS "${column}"`)
    .join(", ");
  const rows = await read(
    `WITH labelled AS (
       SELECT ${labelColumns(labels)}, ${step} AS step, ${coarse} AS coarse,
         * EXCLUDE (${names}) FROM ${source.rows} WHERE ${isAsked(question)}),
     point AS NOT MATERIALIZED (
       SELECT ${told}, hash(${told}) AS key, scale, count, "sum", "min", "max",
         zero_count, positive_buckets, positive_counts, negative_buckets, negative_counts
       FROM labelled),
     total AS (
       SELECT key, ${any}, sum(count)::DOUBLE AS count,
         sum("sum")::DOUBLE AS total, min("min") AS low, max("max") AS high,
         sum(zero_count)::DOUBLE AS zeros
       FROM point GROUP BY key),
     ${bucketSums("key", "DOUBLE")}
     SELECT total.*, ${BUCKET_LISTS}
     FROM total ${joinSides("key")} ORDER BY ${names}, step, coarse
     LIMIT ${isOneScale ? "ALL" : MAX_ROWS + 1}`,
    source.parameters,
  );
  return rows.map((row) => ({
    metric: row.text("metric"),
    row,
    step: row.number("step"),
    histogram: toHistogram(row),
  }));
}

/** SQL for whether a question is about a row. */
function isAsked({ metrics }: HistogramQuestion): string {
  return `metric IN (${metrics.map((metric) => `'${metric}'`).join(", ")})`;
}

function toHistogram(row: AnswerRow): ExponentialHistogram {
  const positive = readSide(row, "positive");
  const negative = readSide(row, "negative");
  // Buckets of one scale may lie far apart; the scale is lowered until they fit side by side.
  let steps = 0;
  while ([positive, negative].some((side) => width(side, steps) > MAX_BUCKETS)) steps += 1;
  return {
    scale: row.number("coarse") - steps,
    count: row.number("count"),
    sum: row.number("total"),
    min: row.optionalNumber("low"),
    max: row.optionalNumber("high"),
    zeroCount: row.number("zeros"),
    positive: toDense(positive, steps),
    negative: toDense(negative, steps),
  };
}

/** The buckets of one side that have anything in them, in any order. */
interface SparseSide {
  readonly buckets: readonly number[];
  readonly counts: readonly number[];
  readonly low: number;
  readonly high: number;
}

function readSide(row: AnswerRow, side: "positive" | "negative"): SparseSide {
  const buckets = row.numbers(`${side}_buckets`);
  const counts = row.numbers(`${side}_counts`);
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const bucket of buckets) {
    if (bucket < low) low = bucket;
    if (bucket > high) high = bucket;
  }
  return { buckets, counts, low, high };
}

/** The bucket that holds this one, so many scales lower. */
function coarser(bucket: number, steps: number): number {
  return Math.floor(bucket / 2 ** steps);
}

/** How many buckets there are from the lowest to the highest, so many scales lower. */
function width({ buckets, low, high }: SparseSide, steps: number): number {
  return buckets.length === 0 ? 0 : coarser(high, steps) - coarser(low, steps) + 1;
}

function toDense(side: SparseSide, steps: number): Buckets {
  const { buckets, counts, low } = side;
  if (buckets.length === 0) return { offset: 0, counts: [] };
  const offset = coarser(low, steps);
  const dense = new Array<number>(width(side, steps)).fill(0);
  for (let i = 0; i < buckets.length; i++) {
    const slot = coarser(buckets[i] ?? 0, steps) - offset;
    dense[slot] = (dense[slot] ?? 0) + (counts[i] ?? 0);
  }
  return { offset, counts: dense };
}
