import {
  BIGINT,
  BOOLEAN,
  DOUBLE,
  type DuckDBType,
  INTEGER,
  LIST,
  SMALLINT,
  TINYINT,
  UBIGINT,
  UINTEGER,
  VARCHAR,
} from "@duckdb/node-api";
import { ATTRIBUTES } from "@selvedge/protocol";

/** The version of the tables below; see `prepare-schema.ts` for those before it. */
export const SCHEMA_VERSION = 5;

/** A table and its columns, in the order in which rows give them. */
export interface Table {
  readonly name: string;
  readonly columns: Readonly<Record<string, DuckDBType>>;
}

/** What a row can be told apart by: a column for each of `ATTRIBUTES`. */
export const LABELS: readonly (keyof typeof ATTRIBUTES)[] = readLabels();

const LABEL_COLUMNS = Object.fromEntries(LABELS.map((label) => [label, VARCHAR]));

const OBSERVATION = {
  /** Which transaction wrote it; it rises from one to the next. */
  sequence: BIGINT,
  time_ms: BIGINT,
  ...LABEL_COLUMNS,
  attributes: VARCHAR,
  resource: VARCHAR,
};

export const HISTOGRAMS: Table = {
  name: "histogram_point",
  columns: {
    ...OBSERVATION,
    metric: VARCHAR,
    scale: TINYINT,
    count: UINTEGER,
    sum: DOUBLE,
    min: DOUBLE,
    max: DOUBLE,
    zero_count: UINTEGER,
    /** The buckets that have anything in them, and how much. */
    positive_buckets: LIST(INTEGER),
    positive_counts: LIST(UINTEGER),
    negative_buckets: LIST(INTEGER),
    negative_counts: LIST(UINTEGER),
  },
};

export const COUNTERS: Table = {
  name: "counter_point",
  columns: { ...OBSERVATION, metric: VARCHAR, value: DOUBLE },
};

const FEATURE = { feature: VARCHAR, contributor: VARCHAR };

export const DISTRIBUTIONS: Table = {
  name: "distribution_point",
  columns: {
    ...OBSERVATION,
    ...FEATURE,
    epsilon: DOUBLE,
    bounds: LIST(DOUBLE),
    counts: LIST(DOUBLE),
  },
};

export const IRREGULARS: Table = {
  name: "irregular_point",
  columns: { ...OBSERVATION, ...FEATURE, irregularity: VARCHAR, value: DOUBLE },
};

export const LOGS: Table = {
  name: "log_record",
  columns: {
    ...OBSERVATION,
    severity: TINYINT,
    event: VARCHAR,
    body: VARCHAR,
    prediction: VARCHAR,
    trace: VARCHAR,
  },
};

export const SPANS: Table = {
  name: "span",
  columns: {
    ...OBSERVATION,
    name: VARCHAR,
    trace: VARCHAR,
    span: VARCHAR,
    parent: VARCHAR,
    duration_ms: DOUBLE,
    is_error: BOOLEAN,
    prediction: VARCHAR,
    /** Microseconds after `time_ms`. */
    time_us: SMALLINT,
  },
};

export const ALERTS: Table = {
  name: "alert_change",
  columns: {
    sequence: BIGINT,
    time_ms: BIGINT,
    rule: VARCHAR,
    labels: VARCHAR,
    from_state: VARCHAR,
    to_state: VARCHAR,
    value: DOUBLE,
    delivered: BOOLEAN,
  },
};

/** Rows of a table, summed up over spans of time that begin at `time_ms`. */
export interface Rollup extends Table {
  readonly of: Table;
  readonly grainMs: number;
}

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

/** When what was summed up was measured; labels that were absent are `unknown`. */
const SPAN = { time_ms: BIGINT, first_ms: BIGINT, last_ms: BIGINT };

/** The buckets that have anything in them, in any order: a minute of one device fills few. */
const HISTOGRAM_SUM = {
  ...SPAN,
  ...LABEL_COLUMNS,
  metric: VARCHAR,
  scale: TINYINT,
  count: UBIGINT,
  sum: DOUBLE,
  min: DOUBLE,
  max: DOUBLE,
  zero_count: UBIGINT,
  positive_buckets: LIST(INTEGER),
  positive_counts: LIST(UBIGINT),
  negative_buckets: LIST(INTEGER),
  negative_counts: LIST(UBIGINT),
};

/** `attributes` are kept of feedback alone, which is told apart by them. */
const COUNTER_SUM = {
  ...SPAN,
  ...LABEL_COLUMNS,
  metric: VARCHAR,
  attributes: VARCHAR,
  value: DOUBLE,
};

const FEATURE_SUM = { ...SPAN, model: VARCHAR, version: VARCHAR, ...FEATURE };

/** Rollups of each table, the coarsest first. */
export const ROLLUPS: readonly Rollup[] = [
  { name: "histogram_hour", of: HISTOGRAMS, grainMs: HOUR_MS, columns: HISTOGRAM_SUM },
  { name: "histogram_five", of: HISTOGRAMS, grainMs: 5 * MINUTE_MS, columns: HISTOGRAM_SUM },
  { name: "histogram_minute", of: HISTOGRAMS, grainMs: MINUTE_MS, columns: HISTOGRAM_SUM },
  { name: "counter_hour", of: COUNTERS, grainMs: HOUR_MS, columns: COUNTER_SUM },
  { name: "counter_five", of: COUNTERS, grainMs: 5 * MINUTE_MS, columns: COUNTER_SUM },
  { name: "counter_minute", of: COUNTERS, grainMs: MINUTE_MS, columns: COUNTER_SUM },
  {
    name: "distribution_day",
    of: DISTRIBUTIONS,
    grainMs: 24 * HOUR_MS,
    columns: { ...FEATURE_SUM, epsilon: DOUBLE, bounds: LIST(DOUBLE), counts: LIST(DOUBLE) },
  },
  {
    name: "irregular_day",
    of: IRREGULARS,
    grainMs: 24 * HOUR_MS,
    columns: { ...FEATURE_SUM, irregularity: VARCHAR, value: DOUBLE },
  },
];

/**
 * Of how many pieces the rows of a span of a rollup are: what comes for it is added beside what is there,
 * and pieces are put together once the span is over.
 */
export const PIECES: Table = {
  name: "rollup_piece",
  columns: { rollup: VARCHAR, time_ms: BIGINT, pieces: BIGINT, touched_ms: BIGINT },
};

/** What a version came to since the store was made: what Prometheus is told, which only ever rises. */
export const TOTALS: Table = {
  name: "version_total",
  columns: {
    model: VARCHAR,
    version: VARCHAR,
    predictions: DOUBLE,
    failures: DOUBLE,
    loads: DOUBLE,
    /** When something of it was rolled up last, by the clock of the collector. */
    seen_ms: BIGINT,
  },
};

/** Every table that rows are appended to. */
export const TABLES: readonly Table[] = [
  HISTOGRAMS,
  COUNTERS,
  DISTRIBUTIONS,
  IRREGULARS,
  LOGS,
  SPANS,
  ALERTS,
];

function readLabels(): (keyof typeof ATTRIBUTES)[] {
  const isLabel = (name: string): name is keyof typeof ATTRIBUTES => name in ATTRIBUTES;
  return Object.keys(ATTRIBUTES).filter(isLabel);
}
