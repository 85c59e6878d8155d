import { type DuckDBConnection, DuckDBDataChunk, LIST, listValue, VARCHAR } from "@duckdb/node-api";
import type { Row, TableRows } from "./encode-rows.ts";
import type { Table } from "./schema.ts";

/** What one call to ingest brought: rows for several tables, to be written once. */
export interface EncodedBatch {
  /** Signal and batch id; `undefined` for a batch that cannot be recognised again. */
  readonly key: string | undefined;
  readonly tables: readonly TableRows[];
}

/** DuckDB's vectors hold this many values. */
const CHUNK_ROWS = 2048;

/**
 * Writes the batches that have not been written before, all of them in one transaction.
 *
 * @param sequence of their rows; higher than that of any transaction before
 */
export async function writeBatches(
  connection: DuckDBConnection,
  batches: readonly EncodedBatch[],
  sequence: bigint,
): Promise<void> {
  await connection.run("BEGIN");
  try {
    const fresh = await claimKeys(connection, batches);
    for (const [table, rows] of rowsByTable(fresh))
      await appendRows(connection, { table, rows, sequence });
    await connection.run("COMMIT");
  } catch (error) {
    await connection.run("ROLLBACK").catch(() => undefined);
    throw error;
  }
}

/** Records the keys of the batches, and answers which batches had not been recorded. */
async function claimKeys(
  connection: DuckDBConnection,
  batches: readonly EncodedBatch[],
): Promise<EncodedBatch[]> {
  const byKey = new Map<string, EncodedBatch>();
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

function rowsByTable(batches: readonly EncodedBatch[]): Map<Table, Row[]> {
  const byTable = new Map<Table, Row[]>();
  for (const { tables } of batches)
    for (const { table, rows } of tables) {
      const all = byTable.get(table) ?? [];
      for (const row of rows) all.push(row);
      byTable.set(table, all);
    }
  return byTable;
}

async function appendRows(
  connection: DuckDBConnection,
  { table, rows, sequence }: TableRows & { readonly sequence: bigint },
): Promise<void> {
  if (rows.length === 0) return;
  const types = Object.values(table.columns);
  const appender = await connection.createAppender(table.name);
  try {
    for (let start = 0; start < rows.length; start += CHUNK_ROWS) {
      const part = rows.slice(start, start + CHUNK_ROWS);
      const chunk = DuckDBDataChunk.create(types, part.length);
      const sequences = new Array<bigint>(part.length).fill(sequence);
      const columns = types.slice(1).map((_, column) => part.map((row) => row[column] ?? null));
      chunk.setColumns([sequences, ...columns]);
      appender.appendDataChunk(chunk);
    }
  } finally {
    appender.closeSync();
  }
}
