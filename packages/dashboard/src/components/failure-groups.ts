import type { FailuresAnswer } from "@selvedge/protocol";
import { groupBy } from "../series/group-by.ts";

export type Failure = FailuresAnswer["failures"][number];

export interface FailureGroup {
  readonly code: string;
  readonly count: number;
  readonly lastSeen: number;
  readonly failures: readonly Failure[];
}

/** Failures by code, the most frequent first, in groups as within them. */
export function failureGroups({ failures }: FailuresAnswer): FailureGroup[] {
  const byCount = (a: { readonly count: number }, b: { readonly count: number }): number =>
    b.count - a.count;
  return [...groupBy(failures, ({ code }) => code)]
    .map(([code, some]) => ({
      code,
      count: some.reduce((sum, { count }) => sum + count, 0),
      lastSeen: Math.max(...some.map(({ lastSeen }) => lastSeen)),
      failures: some.toSorted(byCount),
    }))
    .sort(byCount);
}
