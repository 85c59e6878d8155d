import { METRICS } from "@selvedge/protocol";
import { BUCKET_LISTS, bucketSums, joinSides } from "./bucket-sums.ts";
import {
  COUNTERS,
  DISTRIBUTIONS,
  HISTOGRAMS,
  IRREGULARS,
  LABELS,
  type Rollup,
  type Table,
} from "./schema.ts";

/** Raw rows that are not in a rollup yet. */
export interface Fresh {
  /** Sequences `after < sequence <= upTo`. */
  readonly after: number;
  readonly upTo: number;
}

/**
 * The finest scale rollups keep, a relative error of 2.2%: with it a minute's durations take some
 * twenty buckets.
 */
const ROLLUP_SCALE = 4;

/** SQL for the fresh rows of a raw table, in the columns of its rollups. */
export function freshRows(of: Table, fresh: Fresh): string {
  const { columns, where = "true" } = RAW.get(of) ?? { columns: "*" };
  return `SELECT time_ms, time_ms AS first_ms, time_ms AS last_ms, ${columns}
    FROM ${of.name} WHERE ${isFresh(fresh)} AND ${where}`;
}

/**
 * SQL that adds up rows which have a rollup's columns, by the spans of time of that rollup: fresh rows,
 * those of a finer rollup, or its own where several of a span are to become one.
 */
export function sumSql({ of, grainMs }: Rollup, rows: string): string {
  const begun = `SELECT time_ms - time_ms % ${grainMs} AS time_ms, * EXCLUDE (time_ms) FROM (${rows})`;
  return SUMS.get(of)?.(begun) ?? "";
}

/** SQL for whether a raw row is fresh. */
export function isFresh({ after, upTo }: Fresh): string {
  return `sequence > ${after} AND sequence <= ${upTo}`;
}

const KNOWN_LABELS = LABELS.map((label) => `coalesce("${label}", 'unknown') AS "${label}"`);
const LABEL_NAMES = LABELS.map((label) => `"${label}"`).join(", ");
const MODEL = KNOWN_LABELS.slice(0, 2).join(", ");
const SPAN = "min(first_ms) AS first_ms, max(last_ms) AS last_ms";

/** Only what Selvedge measures is rolled up: what else arrives is gone with the raw rows. */
const KNOWN = `metric IN (${Object.values(METRICS)
  .map((metric) => `'${metric}'`)
  .join(", ")})`;

const RAW = new Map<Table, { readonly columns: string; readonly where?: string }>([
  [
    HISTOGRAMS,
    {
      columns: `${KNOWN_LABELS.join(", ")}, metric, scale, count, "sum", "min", "max", zero_count,
        positive_buckets, positive_counts, negative_buckets, negative_counts`,
      where: KNOWN,
    },
  ],
  [
    COUNTERS,
    {
      columns: `${KNOWN_LABELS.join(", ")}, metric,
        CASE WHEN metric = '${METRICS.feedback}' THEN attributes END AS attributes, value`,
      where: KNOWN,
    },
  ],
  [
    DISTRIBUTIONS,
    {
      columns: `${MODEL}, feature, contributor, epsilon, bounds, counts`,
      where: "len(counts) = len(bounds) + 1",
    },
  ],
  [IRREGULARS, { columns: `${MODEL}, feature, contributor, irregularity, value` }],
]);

const SUMS = new Map<Table, (rows: string) => string>([
  [HISTOGRAMS, sumHistograms],
  [COUNTERS, sumCounters],
  [DISTRIBUTIONS, sumDistributions],
  [IRREGULARS, sumIrregulars],
]);

function sumCounters(rows: string): string {
  return `SELECT time_ms, ${SPAN}, ${LABEL_NAMES}, metric, attributes, sum(value) AS value
    FROM (${rows}) GROUP BY time_ms, ${LABEL_NAMES}, metric, attributes`;
}

function sumIrregulars(rows: string): string {
  const keys = "model, version, feature, contributor, irregularity";
  return `SELECT time_ms, ${SPAN}, ${keys}, sum(value) AS value
    FROM (${rows}) GROUP BY time_ms, ${keys}`;
}

function sumDistributions(rows: string): string {
  const keys = "time_ms, model, version, feature, contributor, epsilon, bounds";
  return `SELECT time_ms, min(first) AS first_ms, max(last) AS last_ms,
      model, version, feature, contributor, epsilon, bounds, list(n ORDER BY bin) AS counts
    FROM (
      SELECT ${keys}, bin, min(first_ms) AS first, max(last_ms) AS last, sum(n) AS n
      FROM (SELECT ${keys}, first_ms, last_ms, unnest(counts) AS n,
              generate_subscripts(counts, 1) AS bin
            FROM (${rows}))
      GROUP BY ${keys}, bin)
    GROUP BY ${keys}`;
}

/**
 * Histograms of a scale finer than a rollup's are brought to that; coarser ones have rows of their own.
 * A series goes by the hash of its labels, for a join and two groupings by twelve texts take most of the
 * time: whoever makes up labels with the hash of others adds to those, which they could do by their names.
 */
function sumHistograms(rows: string): string {
  const series = `hash(${LABEL_NAMES}, metric)`;
  const keys = "time_ms, series, coarse";
  const labels = LABELS.map((label) => `any_value("${label}") AS "${label}"`).join(", ");
  return `WITH point AS NOT MATERIALIZED (
      SELECT *, ${series} AS series, least(scale, ${ROLLUP_SCALE}) AS coarse FROM (${rows})),
    total AS (
      SELECT ${keys}, ${SPAN}, ${labels}, any_value(metric) AS metric,
        sum(count)::UBIGINT AS count, sum("sum") AS "sum", min("min") AS "min", max("max") AS "max",
        sum(zero_count)::UBIGINT AS zero_count
      FROM point GROUP BY ${keys}),
    ${bucketSums(keys, "UBIGINT")}
    SELECT time_ms, first_ms, last_ms, ${LABEL_NAMES}, metric, coarse AS scale,
      count, "sum", "min", "max", zero_count, ${BUCKET_LISTS}
    FROM total ${joinSides(keys)}`;
}
