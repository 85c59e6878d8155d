import type { DuckDBConnection, DuckDBInstance } from "@duckdb/node-api";
import type { Retention } from "../store.ts";
import { joinPieces } from "./join-pieces.ts";
import { floorKey, raise, readProgress } from "./progress.ts";
import { rowsOn } from "./read-rows.ts";
import { type Fresh, freshRows, sumSql } from "./roll-up-sql.ts";
import { ALERTS, LOGS, PIECES, ROLLUPS, SPANS, type Table, TOTALS } from "./schema.ts";
import { forgetTotalsSql, totalsSql } from "./totals.ts";

/** Rows that are rolled up in one transaction, unless a single one wrote more. */
const SLICE_ROWS = 500_000;

const HOUR_MS = 3_600_000;
const RAW = [...new Set(ROLLUPS.map(({ of }) => of))];

/**
 * Rolls up what has been written since it was done last, and drops what has been kept long enough.
 * Each step is one transaction that moves its mark along, so that a step that was cut short did not
 * happen, and one that was done is not done again.
 *
 * @param upTo the highest sequence of a transaction that has ended
 */
export async function maintain(
  instance: DuckDBInstance,
  { nowMs, retention, upTo }: { nowMs: number; retention: Retention; upTo: bigint },
): Promise<void> {
  const connection = await instance.connect();
  try {
    while (await rollUpSlice(connection, { last: Number(upTo), nowMs }));
    for (const rollup of ROLLUPS)
      await transaction(connection, () => joinPieces(connection, rollup, nowMs));
    await transaction(connection, () => dropOld(connection, nowMs, retention));
  } finally {
    connection.closeSync();
  }
}

/** @returns whether there may be more */
async function rollUpSlice(
  connection: DuckDBConnection,
  { last, nowMs }: { last: number; nowMs: number },
): Promise<boolean> {
  return transaction(connection, async () => {
    const { rolled } = await readProgress(rowsOn(connection));
    const upTo = await endOfSlice(connection, { after: rolled, upTo: last });
    if (upTo === undefined) return false;
    const fresh: Fresh = { after: rolled, upTo };
    for (const of of RAW) await addToRollups(connection, { of, fresh, nowMs });
    await connection.run(`CREATE OR REPLACE TEMP TABLE summed AS ${totalsSql(fresh, nowMs)}`);
    await connection.run(`DELETE FROM ${TOTALS.name}`);
    await connection.run(`INSERT INTO ${TOTALS.name} BY NAME FROM summed`);
    await connection.run("DROP TABLE summed");
    await connection.run(raise(new Map([["rolled", upTo]])));
    return upTo < last;
  });
}

/**
 * Adds what is fresh to the rollups of a table: as rows beside those that are there, which are not
 * touched, so that it costs what is fresh and not what there is. Each rollup is made of the next finer
 * one's rows.
 */
async function addToRollups(
  connection: DuckDBConnection,
  { of, fresh, nowMs }: { of: Table; fresh: Fresh; nowMs: number },
): Promise<void> {
  const rollups = ROLLUPS.filter((rollup) => rollup.of === of).toReversed();
  let rows = freshRows(of, fresh);
  for (const rollup of rollups) {
    const { name, grainMs } = rollup;
    await connection.run(`CREATE OR REPLACE TEMP TABLE sums_${grainMs} AS ${sumSql(rollup, rows)}`);
    rows = `FROM sums_${grainMs}`;
    await connection.run(`INSERT INTO ${name} BY NAME ${rows}`);
    await connection.run(
      `INSERT INTO ${PIECES.name} SELECT DISTINCT '${name}', time_ms, 1, ${nowMs} ${rows}
       ON CONFLICT DO UPDATE SET pieces = pieces + 1, touched_ms = ${nowMs}`,
    );
  }
  for (const { grainMs } of rollups) await connection.run(`DROP TABLE sums_${grainMs}`);
}

/** The sequence that a slice ends with; `undefined` where nothing is fresh. */
async function endOfSlice(
  connection: DuckDBConnection,
  { after, upTo }: Fresh,
): Promise<number | undefined> {
  const counts = RAW.map(
    ({ name }) =>
      `SELECT sequence, count(*) AS n FROM ${name}
       WHERE sequence > ${after} AND sequence <= ${upTo} GROUP BY ALL`,
  );
  const [row] = await rowsOn(connection)(
    `WITH written AS (SELECT sequence, sum(n) AS n FROM (${counts.join(" UNION ALL ")}) GROUP BY ALL),
       running AS (SELECT sequence, n, sum(n) OVER (ORDER BY sequence) AS total FROM written)
     SELECT max(sequence) FILTER (total <= ${SLICE_ROWS} OR total = n) AS last FROM running`,
    {},
  );
  return row?.optionalNumber("last");
}

async function dropOld(
  connection: DuckDBConnection,
  nowMs: number,
  retention: Retention,
): Promise<void> {
  const before = (hours: number) => Math.floor(nowMs - hours * HOUR_MS);
  const raw = before(retention.rawHours);
  const floors = new Map<string, number>([
    ...[...RAW, LOGS, SPANS].map(({ name }) => [name, raw] as const),
    ...ROLLUPS.map(({ name, grainMs }) => {
      const hours = grainMs < HOUR_MS ? retention.minuteHours : retention.hourHours;
      return [name, before(hours)] as const;
    }),
    [ALERTS.name, before(retention.hourHours)],
  ]);
  const { rolled } = await readProgress(rowsOn(connection));
  for (const [table, floor] of floors) {
    const isRolled = RAW.some(({ name }) => name === table) ? `AND sequence <= ${rolled}` : "";
    await connection.run(`DELETE FROM ${table} WHERE time_ms < ${floor} ${isRolled}`);
    await connection.run(
      `DELETE FROM ${PIECES.name} WHERE rollup = '${table}' AND time_ms < ${floor}`,
    );
  }
  await connection.run(
    raise(new Map([...floors].map(([table, floor]) => [floorKey(table), floor]))),
  );
  await connection.run(forgetTotalsSql(nowMs));
  await connection.run(`DELETE FROM batch WHERE received_ms < ${before(retention.batchHours)}`);
}

async function transaction<T>(connection: DuckDBConnection, work: () => Promise<T>): Promise<T> {
  await connection.run("BEGIN");
  try {
    const result = await work();
    await connection.run("COMMIT");
    return result;
  } catch (error) {
    await connection.run("ROLLBACK").catch(() => undefined);
    throw error;
  }
}
