import { type FailuresAnswer, METRICS } from "@selvedge/protocol";
import type { Window } from "../store.ts";
import type { ReadRows } from "./read-rows.ts";
import { readWithin } from "./read-within.ts";
import { findSources } from "./sources.ts";
import { labelColumns } from "./window.ts";

const LABELS = ["model", "version", "backend", "device", "operation", "error"] as const;

/** Answers `Store.failures`, the most frequent first. */
export async function readFailures(read: ReadRows, window: Window): Promise<FailuresAnswer> {
  const { counters } = await findSources(read, window);
  const where = `metric = '${METRICS.failures}'`;
  const rows = await readWithin(read, counters, {
    ...{ labels: LABELS, weight: "value", where },
    sql: (from) =>
      `SELECT ${labelColumns(LABELS)}, sum(value)::DOUBLE AS failures, max(last_ms) AS last_seen
       FROM ${from} WHERE ${where} GROUP BY ALL HAVING failures > 0
       ORDER BY failures DESC, model, version, backend, device, operation, error`,
  });
  return {
    failures: rows.map((row) => ({
      model: row.text("model"),
      version: row.text("version"),
      backend: row.text("backend"),
      device: row.text("device"),
      operation: row.text("operation"),
      code: row.text("error"),
      count: row.number("failures"),
      lastSeen: row.number("last_seen"),
    })),
  };
}
