import { type FailuresAnswer, METRICS } from "@selvedge/protocol";
import type { Window } from "../store.ts";
import type { ReadRows } from "./read-rows.ts";
import { labelColumns, within } from "./window.ts";

/** Answers `Store.failures`, the most frequent first. */
export async function readFailures(read: ReadRows, window: Window): Promise<FailuresAnswer> {
  const { where, parameters } = within(window);
  const rows = await read(
    `SELECT ${labelColumns(["model", "version", "backend", "operation", "error"])},
       sum(value)::DOUBLE AS failures, max(time_ms) AS last_seen
     FROM counter_point WHERE ${where} AND metric = '${METRICS.failures}'
     GROUP BY ALL HAVING failures > 0 ORDER BY failures DESC, model, version, backend, operation, error`,
    parameters,
  );
  return {
    failures: rows.map((row) => ({
      model: row.text("model"),
      version: row.text("version"),
      backend: row.text("backend"),
      operation: row.text("operation"),
      code: row.text("error"),
      count: row.number("failures"),
      lastSeen: row.number("last_seen"),
    })),
  };
}
