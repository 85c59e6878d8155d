import { type Buckets, type ExponentialHistogram, MAX_BUCKETS } from "@selvedge/protocol";
import type { AnswerRow, ReadRows } from "./read-rows.ts";
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
  const side = (side: "positive" | "negative") =>
    `SELECT ${names}, step, coarse, '${side}' AS side, unnest(${side}_counts) AS n,
       CAST(floor((${side}_offset + generate_subscripts(${side}_counts, 1) - 1)
         / 2 ** (scale - coarse)) AS INTEGER) AS bucket FROM point`;
  const rows = await read(
    `WITH point AS MATERIALIZED (
       SELECT ${labelColumns(labels)}, ${step} AS step, least(scale, ${ANSWER_SCALE}) AS coarse,
         * EXCLUDE (${names}) FROM ${source.rows} WHERE metric = $metric),
     total AS (
       SELECT ${names}, step, coarse, sum(count)::DOUBLE AS count, sum("sum")::DOUBLE AS total,
         min("min") AS low, max("max") AS high, sum(zero_count)::DOUBLE AS zeros
       FROM point GROUP BY ALL),
     cell AS (
       SELECT ${names}, step, coarse, side, bucket, sum(n)::DOUBLE AS n
       FROM (${side("positive")} UNION ALL ${side("negative")}) WHERE n > 0 GROUP BY ALL),
     cells AS (
       SELECT ${names}, step, coarse,
         list(bucket ORDER BY bucket) FILTER (side = 'positive') AS positive,
         list(n ORDER BY bucket) FILTER (side = 'positive') AS positive_n,
         list(bucket ORDER BY bucket) FILTER (side = 'negative') AS negative,
         list(n ORDER BY bucket) FILTER (side = 'negative') AS negative_n
       FROM cell GROUP BY ALL)
     SELECT * FROM total LEFT JOIN cells USING (${names}, step, coarse) ORDER BY ALL`,
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
  ];
  // Buckets of one scale may lie far apart; the scale is lowered until they fit side by side.
  let steps = 0;
  const width = (buckets: readonly number[]) =>
    buckets.length === 0 ? 0 : at(buckets, buckets.length - 1, steps) - at(buckets, 0, steps) + 1;
  while (sides.some(({ buckets }) => width(buckets) > MAX_BUCKETS)) steps += 1;
  const [positive, negative] = sides.map(({ buckets, counts }): Buckets => {
    if (buckets.length === 0) return { offset: 0, counts: [] };
    const offset = at(buckets, 0, steps);
    const dense = new Array<number>(width(buckets)).fill(0);
    for (const [i, count] of counts.entries()) {
      const slot = at(buckets, i, steps) - offset;
      dense[slot] = (dense[slot] ?? 0) + count;
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

/** The `i`-th bucket, `steps` scales lower. */
function at(buckets: readonly number[], i: number, steps: number): number {
  return Math.floor((buckets[i] ?? 0) / 2 ** steps);
}
