import type { DuckDBConnection } from "@duckdb/node-api";
import { SelvedgeError } from "@selvedge/protocol";
import { floorKey } from "./progress.ts";
import { sumSql } from "./roll-up-sql.ts";
import {
  PIECES,
  ROLLUPS,
  type Rollup,
  SCHEMA_VERSION,
  TABLES,
  type Table,
  TOTALS,
} from "./schema.ts";

/** What schema 1 had; its tables lack columns of today's, and none has another meaning. */
const TABLES_OF_1 = ["histogram_point", "counter_point", "log_record"];

/** Rollups that schema 2 did not have. */
const ROLLUPS_OF_3 = ["histogram_five", "counter_five"];

/**
 * Makes the tables in a new store, and brings one of schema 1 or 2 up to date: in one transaction, so
 * that it is of one schema or the other whatever happens.
 *
 * @throws SelvedgeError `store-failed` when the store was made by a version that is not known here.
 */
export async function prepareSchema(connection: DuckDBConnection): Promise<void> {
  // The version is looked at first, so that a store of another one is left as it is.
  const found = await readVersion(connection);
  if (found === String(SCHEMA_VERSION)) return;
  if (found !== undefined && found !== "1" && found !== "2")
    throw new SelvedgeError(
      "store-failed",
      `This store has schema ${found}; this collector writes schema ${SCHEMA_VERSION}. Open it with the version of @selvedge/collector that wrote it, or give the collector another data directory.`,
      { detail: { found, expected: String(SCHEMA_VERSION) } },
    );
  const statements = [
    ...(found === "2" ? from2() : fromNothingOr1(found === "1")),
    ...[PIECES, TOTALS].map(createTable),
    `CREATE UNIQUE INDEX rollup_piece_span ON ${PIECES.name} (rollup, time_ms)`,
    `INSERT OR REPLACE INTO meta VALUES ('schema', '${SCHEMA_VERSION}')`,
  ];
  await connection.run("BEGIN");
  try {
    for (const statement of statements) await connection.run(statement);
    await connection.run("COMMIT");
  } catch (error) {
    await connection.run("ROLLBACK").catch(() => undefined);
    throw error;
  }
}

function fromNothingOr1(isOld: boolean): string[] {
  return [
    ...(isOld ? TABLES_OF_1.map((name) => `ALTER TABLE ${name} RENAME TO ${name}_1`) : []),
    "CREATE TABLE IF NOT EXISTS meta (key VARCHAR PRIMARY KEY, value VARCHAR NOT NULL)",
    "CREATE TABLE IF NOT EXISTS batch (key VARCHAR PRIMARY KEY, received_ms BIGINT NOT NULL)",
    ...[...TABLES, ...ROLLUPS].map(createTable),
    ...(isOld ? TABLES_OF_1.flatMap(moveRows) : []),
  ];
}

/** Five minutes are made of the minutes that there are, and reach back as far as they do. */
function from2(): string[] {
  const added = ROLLUPS.filter(({ name }) => ROLLUPS_OF_3.includes(name));
  const finer = (rollup: Rollup) =>
    ROLLUPS.find(({ of, grainMs }) => of === rollup.of && grainMs < rollup.grainMs)?.name ?? "";
  return added.flatMap((rollup) => [
    createTable(rollup),
    `INSERT INTO ${rollup.name} BY NAME ${sumSql(rollup, `FROM ${finer(rollup)}`)}`,
    `INSERT INTO meta SELECT '${floorKey(rollup.name)}', value FROM meta
     WHERE key = '${floorKey(finer(rollup))}'`,
  ]);
}

function createTable({ name, columns }: Table): string {
  const written = Object.entries(columns).map(([column, type]) => `"${column}" ${type}`);
  return `CREATE TABLE ${name} (${written.join(", ")})`;
}

/** Columns go by their names, for the order of today's is another one. */
function moveRows(name: string): string[] {
  return [
    `INSERT INTO ${name} BY NAME SELECT 0 AS sequence, * FROM ${name}_1`,
    `DROP TABLE ${name}_1`,
  ];
}

async function readVersion(connection: DuckDBConnection): Promise<string | undefined> {
  const tables = await connection.runAndReadAll(
    "SELECT 1 FROM duckdb_tables() WHERE database_name = current_database() AND table_name = 'meta'",
  );
  if (tables.currentRowCount === 0) return undefined;
  const rows = await connection.runAndReadAll("SELECT value FROM meta WHERE key = 'schema'");
  return String(rows.getRows()[0]?.[0]);
}
