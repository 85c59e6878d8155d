import { METRICS } from "@selvedge/protocol";
import { bucketsOf, type Side } from "./buckets.ts";
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

/**
 * SQL for the rows that a rollup has to have once the fresh rows are in it: those of every span of time
 * that a fresh row lies in, the ones it has already added up with the fresh ones. So what comes late
 * lands where it belongs, also when the raw rows around it are long gone.
 */
export function rollUpSql(rollup: Rollup, fresh: Fresh): string {
  const sum = SUMS.get(rollup.of);
  return sum === undefined ? "" : sum(rollup, fresh);
}

/** SQL for when the spans of time begin that fresh rows lie in. */
export function touchedSql({ of, grainMs }: Rollup, fresh: Fresh): string {
  return `SELECT DISTINCT ${begin(grainMs)} FROM ${of.name} WHERE ${isFresh(fresh)}`;
}

const SUMS = new Map<Table, (rollup: Rollup, fresh: Fresh) => string>([
  [HISTOGRAMS, sumHistograms],
  [COUNTERS, sumCounters],
  [DISTRIBUTIONS, sumDistributions],
  [IRREGULARS, sumIrregulars],
]);

const SPAN = "min(first_ms) AS first_ms, max(last_ms) AS last_ms";

/** Only what Selvedge measures is rolled up: what else arrives is gone with the raw rows. */
const KNOWN = `metric IN (${Object.values(METRICS)
  .map((metric) => `'${metric}'`)
  .join(", ")})`;

function begin(grainMs: number): string {
  return `(time_ms - time_ms % ${grainMs})`;
}

function isFresh({ after, upTo }: Fresh): string {
  return `sequence > ${after} AND sequence <= ${upTo}`;
}

/** Fresh rows and those of the rollup beside them, with the same columns. */
function both(
  rollup: Rollup,
  fresh: Fresh,
  { columns, where = "true" }: { columns: (from: "fresh" | "rollup") => string; where?: string },
): string {
  const { name, of, grainMs } = rollup;
  return `SELECT ${begin(grainMs)} AS time_ms, time_ms AS first_ms, time_ms AS last_ms, ${columns("fresh")}
      FROM ${of.name} WHERE ${isFresh(fresh)} AND ${where}
    UNION ALL SELECT time_ms, first_ms, last_ms, ${columns("rollup")}
      FROM ${name} WHERE time_ms IN (${touchedSql(rollup, fresh)})`;
}

const KNOWN_LABELS = LABELS.map((label) => `coalesce("${label}", 'unknown') AS "${label}"`);
const LABEL_NAMES = LABELS.map((label) => `"${label}"`).join(", ");

function sumCounters(rollup: Rollup, fresh: Fresh): string {
  const attributes = `CASE WHEN metric = '${METRICS.feedback}' THEN attributes END AS attributes`;
  const columns = () => `${KNOWN_LABELS.join(", ")}, metric, ${attributes}, value`;
  return `SELECT time_ms, ${SPAN}, ${LABEL_NAMES}, metric, attributes, sum(value) AS value
    FROM (${both(rollup, fresh, { columns, where: KNOWN })})
    GROUP BY time_ms, ${LABEL_NAMES}, metric, attributes`;
}

function sumIrregulars(rollup: Rollup, fresh: Fresh): string {
  const keys = "model, version, feature, contributor, irregularity";
  return `SELECT time_ms, ${SPAN}, ${keys}, sum(value) AS value
    FROM (${both(rollup, fresh, { columns: () => `${MODEL}, feature, contributor, irregularity, value` })})
    GROUP BY time_ms, ${keys}`;
}

const MODEL = KNOWN_LABELS.slice(0, 2).join(", ");

function sumDistributions(rollup: Rollup, fresh: Fresh): string {
  const keys = "time_ms, model, version, feature, contributor, epsilon, bounds";
  const columns = () => `${MODEL}, feature, contributor, epsilon, bounds, counts`;
  return `SELECT time_ms, min(first) AS first_ms, max(last) AS last_ms,
      model, version, feature, contributor, epsilon, bounds, list(n ORDER BY bin) AS counts
    FROM (
      SELECT ${keys}, bin, min(first_ms) AS first, max(last_ms) AS last, sum(n) AS n
      FROM (SELECT ${keys}, first_ms, last_ms, unnest(counts) AS n,
              generate_subscripts(counts, 1) AS bin
            FROM (${both(rollup, fresh, { columns, where: "len(counts) = len(bounds) + 1" })}))
      GROUP BY ${keys}, bin)
    GROUP BY ${keys}`;
}

/** Histograms are brought to the coarsest scale among those that are added up. */
function sumHistograms(rollup: Rollup, fresh: Fresh): string {
  const keys = `time_ms, ${LABEL_NAMES}, metric`;
  const columns = (from: "fresh" | "rollup") => {
    const buckets = (side: Side) => (from === "fresh" ? bucketsOf(side) : `${side}_buckets`);
    return `${KNOWN_LABELS.join(", ")}, metric, scale, count, "sum", "min", "max", zero_count,
      ${buckets("positive")} AS positive_buckets, positive_counts,
      ${buckets("negative")} AS negative_buckets, negative_counts`;
  };
  const cells = (side: Side) =>
    `SELECT id, '${side}' AS side, unnest(${side}_counts) AS n,
       CAST(floor(unnest(${side}_buckets) / 2 ** (scale - coarse)) AS INTEGER) AS bucket
     FROM numbered WHERE len(${side}_counts) > 0`;
  // Gathered as pairs: two lists might come in two orders.
  const pairs = (side: Side) => `list({bucket: bucket, n: n}) FILTER (side = '${side}') AS ${side}`;
  const lists = (side: Side) =>
    `coalesce([c.bucket FOR c IN ${side}], []) AS ${side}_buckets,
     coalesce([c.n FOR c IN ${side}], []) AS ${side}_counts`;
  return `WITH point AS MATERIALIZED (${both(rollup, fresh, { columns, where: KNOWN })}),
    total AS MATERIALIZED (
      SELECT row_number() OVER () AS id, ${keys}, ${SPAN}, least(min(scale), ${ROLLUP_SCALE}) AS coarse,
        sum(count)::UBIGINT AS count, sum("sum") AS "sum", min("min") AS "min", max("max") AS "max",
        sum(zero_count)::UBIGINT AS zero_count
      FROM point GROUP BY ${keys}),
    numbered AS MATERIALIZED (
      SELECT id, coarse, scale, positive_buckets, positive_counts, negative_buckets, negative_counts
      FROM point JOIN total USING (${keys})),
    cell AS (
      SELECT id, side, bucket, sum(n)::UBIGINT AS n
      FROM (${cells("positive")} UNION ALL ${cells("negative")}) WHERE n > 0 GROUP BY ALL),
    sides AS (SELECT id, ${pairs("positive")}, ${pairs("negative")} FROM cell GROUP BY id)
    SELECT time_ms, first_ms, last_ms, ${LABEL_NAMES}, metric, coarse AS scale,
      count, "sum", "min", "max", zero_count, ${lists("positive")}, ${lists("negative")}
    FROM total LEFT JOIN sides USING (id)`;
}
