import type { SteppedWindow, Window } from "../store.ts";
import type { Parameters } from "./read-rows.ts";

/** The condition that keeps a query within a window, and its parameters. */
export function within(window: Window): { where: string; parameters: Parameters } {
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
