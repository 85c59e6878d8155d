import { type Buckets, type ExponentialHistogram, MAX_BUCKETS } from "@selvedge/protocol";
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

/**
 * Adds up the points of a metric by labels, step and scale. The adding is DuckDB's, bucket by
 * bucket, so that what reaches JavaScript grows with what is shown and not with what was sent.
 */
export async function readHistograms(
  read: ReadRows,
  {
    metric,
    labels,
    step = "0",
    source,
  }: {
    metric: string;
    labels: readonly string[];
    /** SQL for the step of a row; absent: all are of one. */
    step?: string;
    source: Source;
  },
): Promise<LabelledHistogram[]> {
  const names = labels.map((label) => `"${label}"`).join(", ");
  // By a hash of its labels, as where rollups are made: to group by texts twice takes most of the time.
  const keys = "series, step, coarse";
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
       SELECT ${labelColumns(labels)}, ${step} AS step, least(scale, ${ANSWER_SCALE}) AS coarse,
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
     FROM total LEFT JOIN sides USING (${keys}) ORDER BY ${names}, step, coarse`,
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
