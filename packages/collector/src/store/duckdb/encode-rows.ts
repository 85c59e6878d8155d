import { type DuckDBValue, listValue } from "@duckdb/node-api";
import type {
  AlertChange,
  DistributionPoint,
  IrregularPoint,
  LogRecord,
  Observation,
  SpanRecord,
} from "../store.ts";
import { ALERTS, DISTRIBUTIONS, IRREGULARS, LABELS, LOGS, SPANS, type Table } from "./schema.ts";

/** A value for each column of a table but `sequence`, which the writer knows. */
export type Row = readonly DuckDBValue[];

/** Rows on their way to a table. */
export interface TableRows {
  readonly table: Table;
  readonly rows: readonly Row[];
}

/** Writes points of distributions as rows of their table. */
export function distributionRows(points: readonly DistributionPoint[]): TableRows {
  const rows = points.map((point): Row => {
    const { feature, contributor, epsilon, bounds, counts } = point;
    const lists = [listValue(bounds), listValue(counts)];
    return [...observation(point), feature, contributor, epsilon ?? null, ...lists];
  });
  return { table: DISTRIBUTIONS, rows };
}

/** Writes counts of irregular values as rows of their table. */
export function irregularRows(points: readonly IrregularPoint[]): TableRows {
  const rows = points.map((point): Row => {
    const { feature, contributor, irregularity, value } = point;
    return [...observation(point), feature, contributor, irregularity, value];
  });
  return { table: IRREGULARS, rows };
}

/** Writes log records as rows of their table. */
export function logRows(records: readonly LogRecord[]): TableRows {
  const rows = records.map((record): Row => {
    const { severity, event, body, prediction, trace } = record;
    const own = [severity ?? null, event ?? null, body ?? null, prediction ?? null, trace ?? null];
    return [...observation(record), ...own];
  });
  return { table: LOGS, rows };
}

/** Writes spans as rows of their table. */
export function spanRows(spans: readonly SpanRecord[]): TableRows {
  const rows = spans.map((record): Row => {
    const { name, trace, span, parent, durationMs, isError, prediction, timeUs = 0 } = record;
    const place = [name, trace, span, parent ?? null];
    return [...observation(record), ...place, durationMs, isError, prediction ?? null, timeUs];
  });
  return { table: SPANS, rows };
}

/** Writes changes of alerts as rows of their table. */
export function alertRows(changes: readonly AlertChange[]): TableRows {
  const rows = changes.map(({ at, rule, labels, from, to, value, delivered }): Row => {
    return [BigInt(at), rule, JSON.stringify(labels), from, to, value, delivered];
  });
  return { table: ALERTS, rows };
}

function observation({ timeMs, labels, attributes, resource }: Observation): DuckDBValue[] {
  const values: DuckDBValue[] = [BigInt(timeMs)];
  for (const label of LABELS) values.push(labels[label] ?? null);
  values.push(attributes ?? null, resource ?? null);
  return values;
}
