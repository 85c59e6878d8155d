import type { FailuresAnswer } from "@selvedge/protocol";
import { groupBy } from "../series/group-by.ts";

export type Failure = FailuresAnswer["failures"][number];

/** What failed somewhere, on devices of any class. */
export type FailurePlace = Omit<Failure, "device">;

export interface FailureGroup {
  readonly code: string;
  readonly count: number;
  readonly lastSeen: number;
  readonly failures: readonly FailurePlace[];
  readonly devices: readonly { readonly name: string; readonly count: number }[];
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
      devices: failureDevices(some),
      failures: withoutDevices(some).sort(byCount),
    }))
    .sort(byCount);
}

/** One row for what differs in its device class alone. */
function withoutDevices(failures: readonly Failure[]): FailurePlace[] {
  const keyOf = (row: Failure): string =>
    JSON.stringify([row.operation, row.model, row.version, row.backend]);
  return [...groupBy(failures, keyOf).values()].flatMap((some) => {
    const [first] = some;
    if (first === undefined) return [];
    const { device: _, ...row } = first;
    const count = some.reduce((sum, each) => sum + each.count, 0);
    return [{ ...row, count, lastSeen: Math.max(...some.map(({ lastSeen }) => lastSeen)) }];
  });
}

/** How often devices of each class failed, the most frequent first. */
function failureDevices(
  failures: readonly Failure[],
): { readonly name: string; readonly count: number }[] {
  return [...groupBy(failures, ({ device }) => device)]
    .map(([name, some]) => ({ name, count: some.reduce((sum, { count }) => sum + count, 0) }))
    .sort((a, b) => b.count - a.count);
}
