import type { HealthAnswer } from "@selvedge/protocol";
import { groupBy } from "./group-by.ts";

export type HealthGroup = HealthAnswer["groups"][number];

/** What the groups of one kind come to. */
export interface HealthRow {
  readonly name: string;
  readonly predictions: number;
  readonly failures: number;
  readonly loads: number;
  readonly restarts: number;
  readonly rejections: number;
  /** The slowest group's, in milliseconds: quantiles do not add up. `null` where none was timed. */
  readonly worstP95: number | null;
  /** The largest group's, in bytes. `null` where none was told. */
  readonly worstMemoryP95: number | null;
}

/** Adds groups up by one of their names, the busiest first. */
export function healthRows(
  groups: readonly HealthGroup[],
  nameOf: (group: HealthGroup) => string,
): HealthRow[] {
  return [...groupBy(groups, nameOf)]
    .map(([name, some]) => {
      const sum = (
        field: "predictions" | "failures" | "loads" | "restarts" | "rejections",
      ): number => some.reduce((total, group) => total + group[field], 0);
      return {
        name,
        predictions: sum("predictions"),
        failures: sum("failures"),
        loads: sum("loads"),
        restarts: sum("restarts"),
        rejections: sum("rejections"),
        worstP95: largest(some.map(({ latency }) => latency?.p95 ?? null)),
        worstMemoryP95: largest(some.map(({ memoryP95 }) => memoryP95)),
      };
    })
    .sort((a, b) => b.predictions + b.failures - (a.predictions + a.failures));
}

function largest(values: readonly (number | null)[]): number | null {
  const known = values.filter((value) => value !== null);
  return known.length === 0 ? null : Math.max(...known);
}
