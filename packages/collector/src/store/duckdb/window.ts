import type { SteppedWindow } from "../store.ts";

/** Which step of the window a row belongs to, in SQL; a sum belongs to where its span begins. */
export function stepOf(window: SteppedWindow): string {
  const { from, stepMs } = window;
  const last = Math.max(0, stepCount(window) - 1);
  const step = `(time_ms - ${Math.trunc(from)}) // ${Math.trunc(stepMs)}`;
  return `CAST(least(greatest(${step}, 0), ${last}) AS INTEGER)`;
}

/** How many steps the window has. */
export function stepCount({ from, to, stepMs }: SteppedWindow): number {
  return Math.max(0, Math.ceil((to - from) / stepMs));
}

/** Label columns of a query; a label that is absent reads `unknown`. */
export function labelColumns(labels: readonly string[]): string {
  return labels.map((label) => `coalesce("${label}", 'unknown') AS "${label}"`).join(", ");
}
