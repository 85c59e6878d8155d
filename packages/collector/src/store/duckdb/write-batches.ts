import {
  type DuckDBAppender,
  type DuckDBConnection,
  DuckDBDataChunk,
  LIST,
  listValue,
  VARCHAR,
} from "@duckdb/node-api";
import type { Row } from "./encode-rows.ts";
import type { PendingBatch } from "./pending-batch.ts";
import type { Table } from "./schema.ts";
import type { Points, PointWriter } from "./write-points.ts";

/**
 * Rows that are turned into a chunk in one go, half of what DuckDB's vectors hold. It takes some
 * milliseconds, in which nobody else is answered.
 */
const CHUNK_ROWS = 1024;

/**
 * Writes the batches that have not been written before, all of them in one transaction.
 *
 * @param points what writes histograms and counters over this connection
 * @param sequence of their rows; higher than that of any transaction before
 */
export async function writeBatches(
  batches: readonly PendingBatch[],
  {
    connection,
    points,
    sequence,
  }: {
    readonly connection: DuckDBConnection;
    readonly points: PointWriter;
    readonly sequence: bigint;
  },
): Promise<void> {
  await connection.run("BEGIN");
  try {
    const fresh = await claimKeys(connection, batches);
    await appendBatches(connection, fresh, sequence);
    await points.write(pointsOf(fresh), sequence);
    await connection.run("COMMIT");
  } catch (error) {
    points.rolledBack();
    await connection.run("ROLLBACK").catch(() => undefined);
    throw error;
  }
}

function pointsOf(batches: readonly PendingBatch[]): Points {
  return {
    histograms: batches.flatMap(({ points }) => points?.histograms ?? []),
    counters: batches.flatMap(({ points }) => points?.counters ?? []),
  };
}

/** Records the keys of the batches, and answers which batches had not been recorded. */
async function claimKeys(
  connection: DuckDBConnection,
  batches: readonly PendingBatch[],
): Promise<PendingBatch[]> {
  const byKey = new Map<string, PendingBatch>();
  for (const batch of batches) if (batch.key !== undefined) byKey.set(batch.key, batch);
  const unnamed = batches.filter(({ key }) => key === undefined);
  if (byKey.size === 0) return unnamed;
  const inserted = await connection.runAndReadAll(
    `INSERT INTO batch SELECT unnest($keys), epoch_ms(now()) ON CONFLICT DO NOTHING RETURNING key`,
    { keys: listValue([...byKey.keys()]) },
    { keys: LIST(VARCHAR) },
  );
  const named = inserted.getRows().flatMap(([key]) => byKey.get(String(key)) ?? []);
  return [...unnamed, ...named];
}

async function appendBatches(
  connection: DuckDBConnection,
  batches: readonly PendingBatch[],
  sequence: bigint,
): Promise<void> {
  const waiting = new Map<Table, Row[]>();
  const appenders = new Map<Table, DuckDBAppender>();
  const append = async (table: Table, rows: readonly Row[]): Promise<void> => {
    const appender = appenders.get(table) ?? (await connection.createAppender(table.name));
    appenders.set(table, appender);
    for (let start = 0; start < rows.length; start += CHUNK_ROWS) {
      appender.appendDataChunk(chunkOf(table, rows.slice(start, start + CHUNK_ROWS), sequence));
      await new Promise<void>((resume) => setImmediate(resume));
    }
  };
  try {
    for (const batch of batches)
      for (const { table, rows } of batch.encode()) {
        if (rows.length === 0) continue;
        const all = waiting.get(table) ?? [];
        waiting.set(table, all);
        for (const row of rows) all.push(row);
        if (all.length >= CHUNK_ROWS) {
          waiting.delete(table);
          await append(table, all);
        }
      }
    for (const [table, rows] of waiting) await append(table, rows);
  } finally {
    for (const appender of appenders.values()) appender.closeSync();
  }
}

function chunkOf({ columns }: Table, rows: readonly Row[], sequence: bigint): DuckDBDataChunk {
  const types = Object.values(columns);
  const chunk = DuckDBDataChunk.create(types, rows.length);
  const values = types.slice(1).map((_, column) => rows.map((row) => row[column] ?? null));
  chunk.setColumns([new Array<bigint>(rows.length).fill(sequence), ...values]);
  return chunk;
}
