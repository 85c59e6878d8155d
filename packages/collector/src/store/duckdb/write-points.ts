import {
  DOUBLE,
  type DuckDBConnection,
  DuckDBDataChunk,
  type DuckDBType,
  type DuckDBValue,
  INTEGER,
  LIST,
  listValue,
  TINYINT,
  UINTEGER,
  VARCHAR,
} from "@duckdb/node-api";
import { createSeriesNumbers, type Series, type SeriesNumbers } from "../series-numbers.ts";
import { toSparse } from "../sparse-buckets.ts";
import type { CounterPoint, HistogramPoint } from "../store.ts";
import { COUNTERS, HISTOGRAMS, LABELS, type Table } from "./schema.ts";

/** Rows that are turned into a chunk in one go: a few milliseconds, in which nobody else is answered. */
const CHUNK_ROWS = 1024;

/** How points are handed over: their labels by a number, for texts take most of the time. */
const SERIES: Table = {
  name: "incoming_series",
  columns: {
    series: INTEGER,
    ...Object.fromEntries(LABELS.map((label) => [label, VARCHAR])),
    attributes: VARCHAR,
    resource: VARCHAR,
    metric: VARCHAR,
  },
};

const INCOMING_HISTOGRAMS: Table = {
  name: "incoming_histogram",
  columns: {
    series: INTEGER,
    time_ms: DOUBLE,
    scale: TINYINT,
    count: UINTEGER,
    sum: DOUBLE,
    min: DOUBLE,
    max: DOUBLE,
    zero_count: UINTEGER,
    positives: INTEGER,
    buckets: LIST(INTEGER),
    counts: LIST(UINTEGER),
  },
};

const INCOMING_COUNTERS: Table = {
  name: "incoming_counter",
  columns: { series: INTEGER, time_ms: DOUBLE, value: DOUBLE },
};

interface NumberedSeries extends Series {
  readonly number: number;
}

/** Points of several batches that are written together. */
export interface Points {
  readonly histograms: readonly HistogramPoint[];
  readonly counters: readonly CounterPoint[];
}

/**
 * Writes histogram and counter points in the transaction that is open. They go through tables that only
 * this connection sees, where labels stand once for all points that have them, and DuckDB puts them together.
 *
 * @param sequence of their rows
 */
export async function writePoints(
  connection: DuckDBConnection,
  { histograms, counters }: Points,
  sequence: bigint,
): Promise<void> {
  if (histograms.length + counters.length === 0) return;
  const numbers = createSeriesNumbers();
  await fill(connection, INCOMING_HISTOGRAMS, histograms, (some) =>
    histogramColumns(some, numbers),
  );
  await fill(connection, INCOMING_COUNTERS, counters, (some) => counterColumns(some, numbers));
  const numbered = numbers.all.map((series, number) => ({ ...series, number }));
  await fill(connection, SERIES, numbered, seriesColumns);
  const labels = Object.keys(SERIES.columns)
    .slice(1)
    .map((column) => `"${column}"`);
  const common = `${sequence}::BIGINT AS sequence, time_ms::BIGINT AS time_ms, ${labels.join(", ")}`;
  const from = (table: Table) => `FROM ${table.name} JOIN ${SERIES.name} USING (series)`;
  if (histograms.length > 0)
    await connection.run(
      `INSERT INTO ${HISTOGRAMS.name} BY NAME
       SELECT ${common}, scale, count, "sum", "min", "max", zero_count,
         buckets[:positives] AS positive_buckets, counts[:positives] AS positive_counts,
         buckets[positives + 1:] AS negative_buckets, counts[positives + 1:] AS negative_counts
       ${from(INCOMING_HISTOGRAMS)}`,
    );
  if (counters.length > 0)
    await connection.run(
      `INSERT INTO ${COUNTERS.name} BY NAME SELECT ${common}, value ${from(INCOMING_COUNTERS)}`,
    );
}

/** Makes a table anew for one transaction, and fills it. */
async function fill<T>(
  connection: DuckDBConnection,
  { name, columns }: Table,
  items: readonly T[],
  columnsOf: (items: readonly T[]) => DuckDBValue[][],
): Promise<void> {
  if (items.length === 0) return;
  const types: DuckDBType[] = Object.values(columns);
  const written = Object.entries(columns).map(([column, type]) => `"${column}" ${type}`);
  await connection.run(`CREATE OR REPLACE TEMP TABLE ${name} (${written.join(", ")})`);
  const appender = await connection.createAppender(name, "main", "temp");
  try {
    for (let start = 0; start < items.length; start += CHUNK_ROWS) {
      const some = items.slice(start, start + CHUNK_ROWS);
      const chunk = DuckDBDataChunk.create(types, some.length);
      chunk.setColumns(columnsOf(some));
      appender.appendDataChunk(chunk);
      await new Promise<void>((resume) => setImmediate(resume));
    }
  } finally {
    appender.closeSync();
  }
}

function histogramColumns(
  points: readonly HistogramPoint[],
  numbers: SeriesNumbers,
): DuckDBValue[][] {
  const sparse = points.map(({ histogram }) => toSparse(histogram));
  return [
    points.map((point) => numbers.of(point)),
    points.map(({ timeMs }) => timeMs),
    points.map(({ histogram }) => histogram.scale),
    points.map(({ histogram }) => histogram.count),
    points.map(({ histogram }) => histogram.sum),
    points.map(({ histogram }) => histogram.min ?? null),
    points.map(({ histogram }) => histogram.max ?? null),
    points.map(({ histogram }) => histogram.zeroCount),
    sparse.map(({ positives }) => positives),
    sparse.map(({ buckets }) => listValue(buckets)),
    sparse.map(({ counts }) => listValue(counts)),
  ];
}

function counterColumns(points: readonly CounterPoint[], numbers: SeriesNumbers): DuckDBValue[][] {
  return [
    points.map((point) => numbers.of(point)),
    points.map(({ timeMs }) => timeMs),
    points.map(({ value }) => value),
  ];
}

function seriesColumns(all: readonly NumberedSeries[]): DuckDBValue[][] {
  return [
    all.map(({ number }) => number),
    ...LABELS.map((label) => all.map(({ labels }) => labels[label] ?? null)),
    all.map(({ attributes }) => attributes ?? null),
    all.map(({ resource }) => resource ?? null),
    all.map(({ metric }) => metric),
  ];
}
