/** A side of a histogram. */
export type Side = "positive" | "negative";

/** SQL for which buckets a raw point's counts belong to; sums have a column of them. */
export function bucketsOf(side: Side): string {
  return `range(${side}_offset, ${side}_offset + len(${side}_counts))`;
}
