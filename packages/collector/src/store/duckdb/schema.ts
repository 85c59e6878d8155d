import {
  BIGINT,
  BOOLEAN,
  DOUBLE,
  type DuckDBType,
  INTEGER,
  LIST,
  TINYINT,
  UINTEGER,
  VARCHAR,
} from "@duckdb/node-api";
import { ATTRIBUTES } from "@selvedge/protocol";

/** The version of the tables below; see `prepare-schema.ts` for those before it. */
export const SCHEMA_VERSION = 2;

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

const HISTOGRAM = {
  scale: TINYINT,
  count: UINTEGER,
  sum: DOUBLE,
  min: DOUBLE,
  max: DOUBLE,
  zero_count: UINTEGER,
  positive_offset: INTEGER,
  positive_counts: LIST(UINTEGER),
  negative_offset: INTEGER,
  negative_counts: LIST(UINTEGER),
};

export const HISTOGRAMS: Table = {
  name: "histogram_point",
  columns: { ...OBSERVATION, metric: VARCHAR, ...HISTOGRAM },
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
