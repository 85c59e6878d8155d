import type { DuckDBConnection } from "@duckdb/node-api";
import { SelvedgeError } from "@selvedge/protocol";
import { floorKey } from "./progress.ts";
import { sumSql } from "./roll-up-sql.ts";
import {
  HISTOGRAMS,
  PIECES,
  ROLLUPS,
  type Rollup,
  SCHEMA_VERSION,
  SPANS,
  TABLES,
  type Table,
  TOTALS,
} from "./schema.ts";

/** What schema 1 had; its tables lack columns of today's, and none has another meaning. */
const TABLES_OF_1 = ["histogram_point", "counter_point", "log_record"];

/** Every bucket of a raw histogram between the first and the last had a place before schema 4. */
const DENSE = HISTOGRAMS.name;

/** Rollups that schema 2 did not have. */
const ROLLUPS_OF_3 = ["histogram_five", "counter_five"];

/**
 * Makes the tables in a new store, and brings one of a former schema up to date: in one transaction, so
 * that it is of one schema or the other whatever happens. The latter takes some seconds for each million
 * of raw rows, in which nothing is answered: a line says so before, and one after.
 *
 * @throws SelvedgeError `store-failed` when the store was made by a version that is not known here.
 */
export async function prepareSchema(connection: DuckDBConnection): Promise<void> {
  // The version is looked at first, so that a store of another one is left as it is.
  const found = await readVersion(connection);
  if (found === String(SCHEMA_VERSION)) return;
  const way = WAYS[found ?? "none"];
  if (way === undefined)
    throw new SelvedgeError(
      "store-failed",
      `This store has schema ${found}; this collector writes schema ${SCHEMA_VERSION}. Open it with the version of @selvedge/collector that wrote it, or give the collector another data directory.`,
      { detail: { found: String(found), expected: String(SCHEMA_VERSION) } },
    );
  const statements = [
    ...way(),
    `INSERT OR REPLACE INTO meta VALUES ('schema', '${SCHEMA_VERSION}')`,
  ];
  if (found === undefined) return runTogether(connection, statements);
  const rows = await connection.runAndReadAll(`SELECT count(*) FROM ${HISTOGRAMS.name}`);
  console.error(
    `selvedge: the store is brought from schema ${found} to ${SCHEMA_VERSION}, with ${rows.getRows()[0]?.[0]} raw histograms; nothing is answered until that is done.`,
  );
  const began = performance.now();
  await runTogether(connection, statements);
  const seconds = ((performance.now() - began) / 1000).toFixed(1);
  console.error(`selvedge: the store has schema ${SCHEMA_VERSION} now, after ${seconds} s.`);
}

/** All of them or none. */
async function runTogether(
  connection: DuckDBConnection,
  statements: readonly string[],
): Promise<void> {
  await connection.run("BEGIN");
  try {
    for (const statement of statements) await connection.run(statement);
    await connection.run("COMMIT");
  } catch (error) {
    await connection.run("ROLLBACK").catch(() => undefined);
    throw error;
  }
}

/** What brings a store here, by the schema that it has. */
const WAYS: Readonly<Record<string, () => string[]>> = {
  none: () => [...fromNothingOr1(false), ...since3()],
  "1": () => [...fromNothingOr1(true), ...since3()],
  "2": () => [...from2(), ...since3(), ...from3(), ...from4()],
  "3": () => [...from3(), ...from4()],
  "4": from4,
};

/** Tables that every schema since the third has. */
function since3(): string[] {
  return [
    ...[PIECES, TOTALS].map(createTable),
    `CREATE UNIQUE INDEX rollup_piece_span ON ${PIECES.name} (rollup, time_ms)`,
  ];
}

/** Raw histograms keep the buckets alone that have anything in them. */
function from3(): string[] {
  return [
    `ALTER TABLE ${DENSE} RENAME TO ${DENSE}_3`,
    createTable(HISTOGRAMS),
    `INSERT INTO ${DENSE} BY NAME SELECT ${sparseColumns(`${DENSE}_3`)}`,
    `DROP TABLE ${DENSE}_3`,
  ];
}

/** Spans say at which microsecond they began. */
function from4(): string[] {
  return [`ALTER TABLE ${SPANS.name} ADD COLUMN time_us ${SPANS.columns["time_us"]} DEFAULT 0`];
}

/** SQL for all columns of a dense table, as today's has them, and where they are from. */
function sparseColumns(table: string): string {
  const sides = (["positive", "negative"] as const).map((side) => {
    const filled = `[[i, ${side}_counts[i]] FOR i IN range(1, len(${side}_counts) + 1) IF ${side}_counts[i] > 0]`;
    return `[cell[1] - 1 + ${side}_offset FOR cell IN ${filled}] AS ${side}_buckets,
      [cell[2] FOR cell IN ${filled}] AS ${side}_counts`;
  });
  const dense = ["positive", "negative"].flatMap((side) => [`${side}_offset`, `${side}_counts`]);
  return `* EXCLUDE (${dense.join(", ")}), ${sides.join(", ")} FROM ${table}`;
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
  const columns = name === DENSE ? sparseColumns(`${name}_1`) : `* FROM ${name}_1`;
  return [`INSERT INTO ${name} BY NAME SELECT 0 AS sequence, ${columns}`, `DROP TABLE ${name}_1`];
}

async function readVersion(connection: DuckDBConnection): Promise<string | undefined> {
  const tables = await connection.runAndReadAll(
    "SELECT 1 FROM duckdb_tables() WHERE database_name = current_database() AND table_name = 'meta'",
  );
  if (tables.currentRowCount === 0) return undefined;
  const rows = await connection.runAndReadAll("SELECT value FROM meta WHERE key = 'schema'");
  return String(rows.getRows()[0]?.[0]);
}
