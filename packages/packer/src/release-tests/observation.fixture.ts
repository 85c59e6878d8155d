import type { Observation } from "./observation.ts";
import { valueErrors } from "./value-metrics.ts";

/** An item whose class is `label`, and what it was taken for, the most likely class first. */
export function classed(label: number, ...ranking: number[]): Observation {
  return { classes: [{ label, ranking }] };
}

/** Numbers that were given, and those that were expected. */
export function valued(answer: number[], expected: number[]): Observation {
  return { values: valueErrors([{ answer, expected }]) };
}

/** A text that was read, and the one that was written. */
export function texted(read: string, written: string): Observation {
  return { text: { read, written } };
}
