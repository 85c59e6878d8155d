import type { AlertChange, LogsBatch, MetricsBatch, SpansBatch } from "../store.ts";
import {
  alertRows,
  distributionRows,
  irregularRows,
  logRows,
  spanRows,
  type TableRows,
} from "./encode-rows.ts";
import type { Points } from "./write-points.ts";

/** What one call to ingest brought: rows for several tables, to be written once. */
export interface PendingBatch {
  /** Signal and batch id; `undefined` for a batch that cannot be recognised again. */
  readonly key: string | undefined;
  /** How many rows there are in all. */
  readonly rowCount: number;
  /** Histograms and counters, which most rows are of. */
  readonly points?: Points;
  /** Makes all other rows: not before they are written, for they take more room than what they are made of. */
  encode(): readonly TableRows[];
}

/** A batch of metrics that waits to be written. */
export function pendingMetrics(batch: MetricsBatch): PendingBatch {
  const { id, histograms, counters, distributions, irregulars } = batch;
  return {
    key: keyOf("metrics", id),
    rowCount: histograms.length + counters.length + distributions.length + irregulars.length,
    points: { histograms, counters },
    encode: () => [distributionRows(distributions), irregularRows(irregulars)],
  };
}

/** A batch of log records that waits to be written. */
export function pendingLogs({ id, records }: LogsBatch): PendingBatch {
  return {
    key: keyOf("logs", id),
    rowCount: records.length,
    encode: () => [logRows(records)],
  };
}

/** A batch of spans that waits to be written. */
export function pendingSpans({ id, spans }: SpansBatch): PendingBatch {
  return { key: keyOf("traces", id), rowCount: spans.length, encode: () => [spanRows(spans)] };
}

/** Changes of alerts that wait to be written. */
export function pendingAlerts(changes: readonly AlertChange[]): PendingBatch {
  return { key: undefined, rowCount: changes.length, encode: () => [alertRows(changes)] };
}

function keyOf(signal: string, id: string | undefined): string | undefined {
  return id === undefined ? undefined : `${signal}:${id}`;
}
