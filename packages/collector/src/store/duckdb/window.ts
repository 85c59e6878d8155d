import type { SteppedWindow, Window } from "../store.ts";
import type { Parameters } from "./read-rows.ts";
import type { Table } from "./schema.ts";

/** Rows that a question is about: a subquery, and the parameters that it needs. */
export interface Source {
  readonly rows: string;
  readonly parameters: Parameters;
}

/** The rows of a table that lie within a window. */
export function rowsOf(table: Table, window: Window): Source {
  const { where, parameters } = within(window);
  return {
    rows: `(SELECT *, time_ms AS first_ms, time_ms AS last_ms FROM ${table.name} WHERE ${where})`,
    parameters,
  };
}

function within(window: Window): { where: string; parameters: Parameters } {
  const { from, to, model } = window;
  const times = "time_ms >= $from::BIGINT AND time_ms < $to::BIGINT";
  return model === undefined
    ? { where: times, parameters: { from, to } }
    : {
        where: `${times} AND coalesce(model, 'unknown') = $model`,
        parameters: { from, to, model },
      };
}

/** Which step of the window a row belongs to, in SQL. */
export function stepOf({ from, stepMs }: SteppedWindow): string {
  return `CAST((time_ms - ${Math.trunc(from)}) // ${Math.trunc(stepMs)} AS INTEGER)`;
}

/** How many steps the window has. */
export function stepCount({ from, to, stepMs }: SteppedWindow): number {
  return Math.max(0, Math.ceil((to - from) / stepMs));
}

/** Label columns of a query; a label that is absent reads `unknown`. */
export function labelColumns(labels: readonly string[]): string {
  return labels.map((label) => `coalesce("${label}", 'unknown') AS "${label}"`).join(", ");
}
