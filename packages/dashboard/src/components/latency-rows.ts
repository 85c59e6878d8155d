import type { LatencyAnswer } from "@selvedge/protocol";
import type { Slots } from "../series/assign-slots.ts";
import { compareNames, compareSeries, seriesKey } from "../series/series-identity.ts";

export type PredictLatency = LatencyAnswer["predict"][number];

export interface LatencyRow extends PredictLatency {
  readonly key: string;
  readonly slot: number | undefined;
  /** Rows of one colour differ in precision, and so in their dash. */
  readonly dash: number;
}

/** The latency of each version, backend and precision in a steady order, with the look of its line. */
export function latencyRows({ predict }: LatencyAnswer, slots: Slots): LatencyRow[] {
  const seen = new Map<string, number>();
  return predict
    .toSorted((a, b) => compareSeries(a, b) || compareNames(a.dtype, b.dtype))
    .map((row) => {
      const series = seriesKey(row);
      const dash = seen.get(series) ?? 0;
      seen.set(series, dash + 1);
      return { ...row, key: `${series} ${row.dtype}`, slot: slots.get(series), dash };
    });
}
