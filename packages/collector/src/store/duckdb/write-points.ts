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

/** Series that keep their numbers from one transaction to the next, and their texts; with more, all are numbered anew. */
const MAX_SERIES = 10_000;
const MAX_CHARS = 16 * 1024 * 1024;

/** Writes points of many transactions, one after the other. */
export interface PointWriter {
  /**
   * Writes histogram and counter points in the transaction that is open.
   *
   * @param sequence of their rows
   */
  write(points: Points, sequence: bigint): Promise<void>;
  /** Says that the transaction did not happen. */
  rolledBack(): void;
}

/**
 * Writes points through tables that only this connection sees, where labels stand once for all points that
 * have them, and DuckDB puts them together.
 */
export function createPointWriter(connection: DuckDBConnection): PointWriter {
  let numbers: SeriesNumbers | undefined;
  /** How many series the table has. */
  let known = 0;
  let chars = 0;
  const writeSeries = async ({ all }: SeriesNumbers): Promise<void> => {
    const fresh = all.slice(known).map((series, i) => ({ ...series, number: known + i }));
    await append(connection, SERIES, fresh, seriesColumns);
    known = all.length;
    for (const { attributes = "", resource = "" } of fresh)
      chars += attributes.length + resource.length;
  };
  return {
    write: async ({ histograms, counters }, sequence) => {
      if (histograms.length + counters.length === 0) return;
      if (numbers === undefined || known > MAX_SERIES || chars > MAX_CHARS) {
        numbers = createSeriesNumbers();
        known = 0;
        chars = 0;
        await makeAnew(connection, SERIES);
      }
      const { of } = numbers;
      await makeAnew(connection, INCOMING_HISTOGRAMS);
      await makeAnew(connection, INCOMING_COUNTERS);
      await append(connection, INCOMING_HISTOGRAMS, histograms, (some) =>
        histogramColumns(some, of),
      );
      await append(connection, INCOMING_COUNTERS, counters, (some) => counterColumns(some, of));
      await writeSeries(numbers);
      if (histograms.length > 0) await connection.run(histogramsSql(sequence));
      if (counters.length > 0) await connection.run(countersSql(sequence));
    },
    rolledBack: () => {
      numbers = undefined;
    },
  };
}

const LABEL_COLUMNS = Object.keys(SERIES.columns)
  .slice(1)
  .map((column) => `"${column}"`)
  .join(", ");

function joined(table: Table): string {
  return `FROM ${table.name} JOIN ${SERIES.name} USING (series)`;
}

function histogramsSql(sequence: bigint): string {
  return `INSERT INTO ${HISTOGRAMS.name} BY NAME
    SELECT ${sequence}::BIGINT AS sequence, time_ms::BIGINT AS time_ms, ${LABEL_COLUMNS},
      scale, count, "sum", "min", "max", zero_count,
      buckets[:positives] AS positive_buckets, counts[:positives] AS positive_counts,
      buckets[positives + 1:] AS negative_buckets, counts[positives + 1:] AS negative_counts
    ${joined(INCOMING_HISTOGRAMS)}`;
}

function countersSql(sequence: bigint): string {
  return `INSERT INTO ${COUNTERS.name} BY NAME
    SELECT ${sequence}::BIGINT AS sequence, time_ms::BIGINT AS time_ms, ${LABEL_COLUMNS}, value
    ${joined(INCOMING_COUNTERS)}`;
}

async function makeAnew(connection: DuckDBConnection, { name, columns }: Table): Promise<void> {
  const written = Object.entries(columns).map(([column, type]) => `"${column}" ${type}`);
  await connection.run(`CREATE OR REPLACE TEMP TABLE ${name} (${written.join(", ")})`);
}

async function append<T>(
  connection: DuckDBConnection,
  { name, columns }: Table,
  items: readonly T[],
  columnsOf: (items: readonly T[]) => DuckDBValue[][],
): Promise<void> {
  if (items.length === 0) return;
  const types: DuckDBType[] = Object.values(columns);
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
  numberOf: SeriesNumbers["of"],
): DuckDBValue[][] {
  return [
    points.map((point) => numberOf(point)),
    points.map(({ timeMs }) => timeMs),
    points.map(({ histogram }) => histogram.scale),
    points.map(({ histogram }) => histogram.count),
    points.map(({ histogram }) => histogram.sum),
    points.map(({ histogram }) => histogram.min ?? null),
    points.map(({ histogram }) => histogram.max ?? null),
    points.map(({ histogram }) => histogram.zeroCount),
    points.map(({ histogram }) => histogram.positives),
    points.map(({ histogram }) => listValue(histogram.buckets)),
    points.map(({ histogram }) => listValue(histogram.counts)),
  ];
}

function counterColumns(
  points: readonly CounterPoint[],
  numberOf: SeriesNumbers["of"],
): DuckDBValue[][] {
  return [
    points.map((point) => numberOf(point)),
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
