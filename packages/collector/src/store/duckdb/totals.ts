import { METRICS } from "@selvedge/protocol";
import type { VersionTotals } from "../store.ts";
import { readProgress } from "./progress.ts";
import { OF_THE_APP } from "./read-figures.ts";
import type { ReadRows } from "./read-rows.ts";
import { type Fresh, isFresh } from "./roll-up-sql.ts";
import { COUNTERS, HISTOGRAMS, TOTALS } from "./schema.ts";

/** Versions that have totals of their own; what more there are is added up as `other`. */
const MAX_VERSIONS = 200;

/** Nothing was heard of it for so long: it makes room. */
const FORGET_MS = 7 * 24 * 60 * 60 * 1000;

const OTHER = "other";

/**
 * SQL for the totals of versions once the fresh rows are in them. A version that is new has a place of
 * its own while there are any, first come, first served; otherwise it is among `other`. So what is told
 * before a rollup is never less than after it.
 *
 * @param seenMs when the fresh rows are added
 */
export function totalsSql(fresh: Fresh, seenMs: number): string {
  const sums = ["predictions", "failures", "loads"]
    .map((name) => `sum(${name})::DOUBLE AS ${name}`)
    .join(", ");
  return `WITH fresh AS (
      SELECT coalesce(model, 'unknown') AS model, coalesce(version, 'unknown') AS version,
        ${sums}, min(sequence) AS arrived
      FROM (
        SELECT model, version, sequence, count AS predictions, 0 AS failures, 0 AS loads
        FROM ${HISTOGRAMS.name} WHERE metric = '${METRICS.predictDuration}' AND ${isFresh(fresh)}
        UNION ALL
        SELECT model, version, sequence, 0,
          CASE WHEN metric = '${METRICS.failures}' AND ${OF_THE_APP} THEN value ELSE 0 END,
          CASE WHEN metric = '${METRICS.loads}' THEN value ELSE 0 END
        FROM ${COUNTERS.name}
        WHERE metric IN ('${METRICS.failures}', '${METRICS.loads}') AND ${isFresh(fresh)})
      GROUP BY ALL),
    known AS (SELECT *, true AS is_known FROM ${TOTALS.name}),
    placed AS (
      SELECT fresh.*, is_known OR row_number() OVER (
          PARTITION BY is_known IS NULL ORDER BY arrived, model, version)
        <= ${MAX_VERSIONS} - (SELECT count(*) FROM known WHERE model <> '${OTHER}') AS has_place
      FROM fresh LEFT JOIN known USING (model, version))
    SELECT model, version, ${sums}, max(seen_ms) AS seen_ms FROM (
      SELECT model, version, predictions, failures, loads, seen_ms FROM known
      UNION ALL
      SELECT CASE WHEN has_place THEN model ELSE '${OTHER}' END,
        CASE WHEN has_place THEN version ELSE '${OTHER}' END,
        predictions, failures, loads, ${seenMs} FROM placed)
    GROUP BY model, version`;
}

/** SQL that makes room by dropping what nothing was heard of for a week. */
export function forgetTotalsSql(nowMs: number): string {
  return `DELETE FROM ${TOTALS.name} WHERE seen_ms < ${nowMs - FORGET_MS} AND model <> '${OTHER}'`;
}

/** Answers `Store.totals`: a table of some hundred rows, and what has not been rolled up yet. */
export async function readTotals(read: ReadRows): Promise<VersionTotals[]> {
  const { rolled } = await readProgress(read);
  const fresh = { after: rolled, upTo: Number.MAX_SAFE_INTEGER };
  const rows = await read(`${totalsSql(fresh, 0)} ORDER BY model, version`, {});
  return rows.map((row) => ({
    model: row.text("model"),
    version: row.text("version"),
    predictions: row.number("predictions"),
    failures: row.number("failures"),
    loads: row.number("loads"),
  }));
}
