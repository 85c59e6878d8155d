import type { Entry } from "./entry.ts";

/** How many rows an entry is. */
export function rowsOf(entry: Entry): number {
  if (entry.signal === "logs") return entry.batch.records.length;
  if (entry.signal === "traces") return entry.batch.spans.length;
  const { histograms, counters, distributions, irregulars } = entry.batch;
  return histograms.length + counters.length + distributions.length + irregulars.length;
}

/** The text of attributes that every point holds for itself, and that the journal has once a series. */
export function attributesIn(entry: Entry): number {
  if (entry.signal !== "metrics") return 0;
  const { histograms, counters } = entry.batch;
  const lengthsOf = (points: readonly { readonly attributes: string | undefined }[]) =>
    points.reduce((sum, { attributes = "" }) => sum + attributes.length, 0);
  return lengthsOf(histograms) + lengthsOf(counters);
}
