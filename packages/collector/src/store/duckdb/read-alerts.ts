import type { AlertState, AlertsAnswer } from "@selvedge/protocol";
import type { ReadRows } from "./read-rows.ts";

/** Answers `Store.alertHistory`: of a change that was noted more than once, what was noted last. */
export async function readAlerts(read: ReadRows, limit: number): Promise<AlertsAnswer["history"]> {
  const rows = await read(
    `SELECT * FROM alert_change
     QUALIFY row_number() OVER (
       PARTITION BY time_ms, rule, labels, from_state, to_state ORDER BY sequence DESC, rowid DESC) = 1
     ORDER BY time_ms DESC, sequence DESC, rowid DESC LIMIT $limit::BIGINT`,
    { limit },
  );
  return rows.map((row) => ({
    at: row.number("time_ms"),
    rule: row.text("rule"),
    labels: JSON.parse(row.text("labels")),
    from: row.text("from_state") as AlertState,
    to: row.text("to_state") as AlertState,
    value: row.optionalNumber("value") ?? null,
    delivered: row.optionalBoolean("delivered") ?? null,
  }));
}
