import { type Buckets, type ExponentialHistogram, MAX_BUCKETS } from "@selvedge/protocol";
import { foldSeries, MAX_ROWS, mostSeries } from "./fold-series.ts";
import type { AnswerRow, ReadRows } from "./read-rows.ts";
import type { Side } from "./side.ts";
import type { Source } from "./sources.ts";
import { labelColumns } from "./window.ts";

/**
 * The finest scale a question is answered at, a relative error of 0.5%. Without it, points of a
 * finer scale would come back as a row for nearly every value that was measured.
 */
const ANSWER_SCALE = 6;

/** All that was measured under one set of labels, in one step. */
export interface LabelledHistogram {
  /** Has a text column for each label. */
  readonly row: AnswerRow;
  readonly step: number;
  readonly histogram: ExponentialHistogram;
}

/** What is asked of histograms. */
interface HistogramQuestion {
  readonly metric: string;
  readonly labels: readonly string[];
  /** SQL for the step of a row; absent: all are of one. */
  readonly step?: string;
  /** How many there are. @default 1 */
  readonly steps?: number;
  readonly source: Source;
}

/**
 * Adds up the points of a metric by labels, step and scale; series that are too many for one answer are
 * one, `other`.
 */
export async function readHistograms(
  read: ReadRows,
  question: HistogramQuestion,
): Promise<LabelledHistogram[]> {
  const { metric, labels, steps = 1, source } = question;
  const found = await readSums(read, question);
  const most = mostSeries(steps);
  const series = new Set(found.map(({ row }) => JSON.stringify(labels.map((l) => row.text(l)))));
  if (found.length <= MAX_ROWS && series.size <= most) return found;
  const where = `metric = '${metric}'`;
  const folded = foldSeries(source, { labels, weight: "count", where, most });
  return readSums(read, { ...question, source: folded, isOneScale: true });
}

/**
 * The adding is DuckDB's, bucket by bucket, so that what reaches JavaScript grows with what is shown and
 * not with what was sent. Of what is more than there is room for, only so much is read that it is noticed.
 *
 * @param isOneScale whether a step of a series is one row, as coarse as the coarsest point of it
 */
async function readSums(
  read: ReadRows,
  {
    metric,
    labels,
    step = "0",
    source,
    isOneScale = false,
  }: HistogramQuestion & { readonly isOneScale?: boolean },
): Promise<LabelledHistogram[]> {
  const names = labels.map((label) => `"${label}"`).join(", ");
  // By a hash of its labels, as where rollups are made: to group by texts twice takes most of the time.
  const keys = "series, step, coarse";
  const fine = `least(scale, ${ANSWER_SCALE})`;
  const all = labels.map((label) => `coalesce("${label}", 'unknown')`).join(", ");
  const coarse = isOneScale ? `min(${fine}) OVER (PARTITION BY hash(${all}), ${step})` : fine;
  const any = labels.map((label) => `any_value("${label}") AS "${label}"`).join(", ");
  const cells = (side: Side) =>
    `SELECT ${keys}, '${side}' AS side, unnest(${side}_counts) AS n,
       unnest(${side}_buckets) >> (scale - coarse) AS bucket
     FROM point WHERE len(${side}_counts) > 0`;
  // Gathered as pairs: two lists might come in two orders.
  const pairs = (side: Side) => `list({bucket: bucket, n: n}) FILTER (side = '${side}') AS ${side}`;
  const lists = (side: Side) =>
    `[c.bucket FOR c IN ${side}] AS ${side}, [c.n FOR c IN ${side}] AS ${side}_n`;
  const rows = await read(
    `WITH labelled AS (
       SELECT ${labelColumns(labels)}, ${step} AS step, ${coarse} AS coarse,
         * EXCLUDE (${names}) FROM ${source.rows} WHERE metric = $metric),
     point AS NOT MATERIALIZED (
       SELECT ${names}, hash(${names}) AS series, step, scale, coarse, count, "sum", "min", "max",
         zero_count, positive_buckets, positive_counts, negative_buckets, negative_counts
       FROM labelled),
     total AS (
       SELECT ${keys}, ${any}, sum(count)::DOUBLE AS count,
         sum("sum")::DOUBLE AS total, min("min") AS low, max("max") AS high,
         sum(zero_count)::DOUBLE AS zeros
       FROM point GROUP BY ${keys}),
     cell AS (
       SELECT ${keys}, side, bucket, sum(n)::DOUBLE AS n
       FROM (${cells("positive")} UNION ALL ${cells("negative")}) WHERE n > 0 GROUP BY ALL),
     sides AS (
       SELECT ${keys}, ${pairs("positive")}, ${pairs("negative")} FROM cell GROUP BY ${keys})
     SELECT * EXCLUDE (positive, negative), ${lists("positive")}, ${lists("negative")}
     FROM total LEFT JOIN sides USING (${keys}) ORDER BY ${names}, step, coarse
     LIMIT ${isOneScale ? "ALL" : MAX_ROWS + 1}`,
    { ...source.parameters, metric },
  );
  return rows.map((row) => ({
    row,
    step: row.number("step"),
    histogram: toHistogram(row),
  }));
}

function toHistogram(row: AnswerRow): ExponentialHistogram {
  const sides = [
    { buckets: row.numbers("positive"), counts: row.numbers("positive_n") },
    { buckets: row.numbers("negative"), counts: row.numbers("negative_n") },
  ].map(({ buckets, counts }) => ({
    buckets,
    counts,
    low: buckets.reduce((low, bucket) => Math.min(low, bucket), Number.POSITIVE_INFINITY),
    high: buckets.reduce((high, bucket) => Math.max(high, bucket), Number.NEGATIVE_INFINITY),
  }));
  // Buckets of one scale may lie far apart; the scale is lowered until they fit side by side.
  let steps = 0;
  const coarser = (bucket: number) => Math.floor(bucket / 2 ** steps);
  while (sides.some(({ low, high }) => coarser(high) - coarser(low) >= MAX_BUCKETS)) steps += 1;
  const [positive, negative] = sides.map(({ buckets, counts, low, high }): Buckets => {
    if (buckets.length === 0) return { offset: 0, counts: [] };
    const offset = coarser(low);
    const dense = new Array<number>(coarser(high) - offset + 1).fill(0);
    for (const [i, bucket] of buckets.entries()) {
      const slot = coarser(bucket) - offset;
      dense[slot] = (dense[slot] ?? 0) + (counts[i] ?? 0);
    }
    return { offset, counts: dense };
  });
  const none: Buckets = { offset: 0, counts: [] };
  return {
    scale: row.number("coarse") - steps,
    count: row.number("count"),
    sum: row.number("total"),
    min: row.optionalNumber("low"),
    max: row.optionalNumber("high"),
    zeroCount: row.number("zeros"),
    positive: positive ?? none,
    negative: negative ?? none,
  };
}
