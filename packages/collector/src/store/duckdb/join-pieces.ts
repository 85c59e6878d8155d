import type { DuckDBConnection } from "@duckdb/node-api";
import { rowsOn } from "./read-rows.ts";
import { sumSql } from "./roll-up-sql.ts";
import { PIECES, type Rollup } from "./schema.ts";

/** How long nothing may have come for a span that is over, before its pieces are put together. */
const QUIET_MS = 10 * 60 * 1000;

/** Pieces that are put together even so. */
const MANY_PIECES = 16;

/** Spans of one rollup that are put together at a time: what comes late for many costs a bounded part of each minute. */
const MAX_SPANS = 32;

/**
 * Puts the pieces of spans together that are over: each is rewritten once, and not whenever something
 * comes for it. A sender whose clock is anywhere makes pieces everywhere, and no more work than this.
 */
export async function joinPieces(
  connection: DuckDBConnection,
  rollup: Rollup,
  nowMs: number,
): Promise<void> {
  const { name, grainMs } = rollup;
  const due = await rowsOn(connection)(
    `SELECT time_ms FROM ${PIECES.name}
     WHERE rollup = '${name}' AND pieces > 1 AND time_ms + ${grainMs} <= ${nowMs}
       AND (pieces >= ${MANY_PIECES} OR touched_ms <= ${nowMs - QUIET_MS})
     ORDER BY touched_ms LIMIT ${MAX_SPANS}`,
    {},
  );
  if (due.length === 0) return;
  const isDue = `time_ms IN (${due.map((row) => row.number("time_ms")).join(", ")})`;
  const pieces = `FROM ${name} WHERE ${isDue}`;
  await connection.run(`CREATE OR REPLACE TEMP TABLE joined AS ${sumSql(rollup, pieces)}`);
  await connection.run(`DELETE ${pieces}`);
  await connection.run(`INSERT INTO ${name} BY NAME FROM joined`);
  await connection.run("DROP TABLE joined");
  await connection.run(
    `UPDATE ${PIECES.name} SET pieces = 1 WHERE rollup = '${name}' AND ${isDue}`,
  );
}
