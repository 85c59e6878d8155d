import {
  BIGINT,
  DOUBLE,
  type DuckDBConnection,
  type DuckDBType,
  INTEGER,
  LIST,
  TINYINT,
  UINTEGER,
  VARCHAR,
} from "@duckdb/node-api";
import { ATTRIBUTES, SelvedgeError } from "@selvedge/protocol";

/** The version of the tables below; a store of another version is not opened. */
const SCHEMA_VERSION = 1;

/** A table and its columns, in the order in which rows give them. */
export interface Table {
  readonly name: string;
  readonly columns: Readonly<Record<string, DuckDBType>>;
}

const OBSERVATION = {
  time_ms: BIGINT,
  ...Object.fromEntries(Object.keys(ATTRIBUTES).map((label) => [label, VARCHAR])),
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
    positive_offset: INTEGER,
    positive_counts: LIST(UINTEGER),
    negative_offset: INTEGER,
    negative_counts: LIST(UINTEGER),
  },
};

export const COUNTERS: Table = {
  name: "counter_point",
  columns: { ...OBSERVATION, metric: VARCHAR, value: DOUBLE },
};

export const LOGS: Table = {
  name: "log_record",
  columns: { ...OBSERVATION, severity: TINYINT, body: VARCHAR },
};

/** Makes the tables in a new store; checks the version of one that exists. */
export async function prepareSchema(connection: DuckDBConnection): Promise<void> {
  const columns = ({ columns }: Table) =>
    Object.entries(columns).map(([name, type]) => `"${name}" ${type}`);
  const statements = [
    "BEGIN",
    "CREATE TABLE IF NOT EXISTS meta (key VARCHAR PRIMARY KEY, value VARCHAR NOT NULL)",
    `INSERT INTO meta VALUES ('schema', '${SCHEMA_VERSION}') ON CONFLICT DO NOTHING`,
    "CREATE TABLE IF NOT EXISTS batch (key VARCHAR PRIMARY KEY, received_ms BIGINT NOT NULL)",
    ...[HISTOGRAMS, COUNTERS, LOGS].map(
      (table) => `CREATE TABLE IF NOT EXISTS ${table.name} (${columns(table).join(", ")})`,
    ),
    "COMMIT",
  ];
  // The version is looked at first, so that a store of another one is left as it is.
  const found = await readVersion(connection);
  if (found !== undefined && found !== String(SCHEMA_VERSION))
    throw new SelvedgeError(
      "store-failed",
      `This store has schema ${found}; this collector writes schema ${SCHEMA_VERSION}. Open it with the version of @selvedge/collector that wrote it, or give the collector another data directory.`,
      { detail: { found, expected: SCHEMA_VERSION } },
    );
  if (found === undefined) for (const statement of statements) await connection.run(statement);
}

async function readVersion(connection: DuckDBConnection): Promise<string | undefined> {
  const tables = await connection.runAndReadAll(
    "SELECT 1 FROM duckdb_tables() WHERE database_name = current_database() AND table_name = 'meta'",
  );
  if (tables.currentRowCount === 0) return undefined;
  const rows = await connection.runAndReadAll("SELECT value FROM meta WHERE key = 'schema'");
  return String(rows.getRows()[0]?.[0]);
}
