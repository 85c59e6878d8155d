import { type DuckDBValue, listValue } from "@duckdb/node-api";
import { ATTRIBUTES } from "@selvedge/protocol";
import type { CounterPoint, HistogramPoint, LogRecord, Observation } from "../store.ts";
import { COUNTERS, HISTOGRAMS, LOGS, type Table } from "./schema.ts";

/** A value for each column of a table. */
export type Row = readonly DuckDBValue[];

/** Rows on their way to a table. */
export interface TableRows {
  readonly table: Table;
  readonly rows: readonly Row[];
}

const LABELS: readonly (keyof typeof ATTRIBUTES)[] = readLabels();

/** Writes histogram points as rows of their table. */
export function histogramRows(points: readonly HistogramPoint[]): TableRows {
  const rows = points.map((point): Row => {
    const { scale, count, sum, min, max, zeroCount, positive, negative } = point.histogram;
    return [
      ...observation(point),
      point.metric,
      scale,
      count,
      sum,
      min ?? null,
      max ?? null,
      zeroCount,
      positive.offset,
      listValue(positive.counts),
      negative.offset,
      listValue(negative.counts),
    ];
  });
  return { table: HISTOGRAMS, rows };
}

/** Writes counter points as rows of their table. */
export function counterRows(points: readonly CounterPoint[]): TableRows {
  const rows = points.map((point): Row => [...observation(point), point.metric, point.value]);
  return { table: COUNTERS, rows };
}

/** Writes log records as rows of their table. */
export function logRows(records: readonly LogRecord[]): TableRows {
  const rows = records.map(
    (record): Row => [...observation(record), record.severity ?? null, record.body ?? null],
  );
  return { table: LOGS, rows };
}

function observation({ timeMs, labels, attributes, resource }: Observation): DuckDBValue[] {
  const values: DuckDBValue[] = [BigInt(timeMs)];
  for (const label of LABELS) values.push(labels[label] ?? null);
  values.push(attributes ?? null, resource ?? null);
  return values;
}

function readLabels(): (keyof typeof ATTRIBUTES)[] {
  const isLabel = (name: string): name is keyof typeof ATTRIBUTES => name in ATTRIBUTES;
  return Object.keys(ATTRIBUTES).filter(isLabel);
}
