import { METRICS, type PredictionsAnswer } from "@selvedge/protocol";
import type { SteppedWindow } from "../store.ts";
import type { ReadRows } from "./read-rows.ts";
import { readWithin } from "./read-within.ts";
import { findSources } from "./sources.ts";
import { labelColumns, stepCount, stepOf } from "./window.ts";

const LABELS = ["model", "version", "backend"] as const;

/** Answers `Store.predictions`. */
export async function readPredictions(
  read: ReadRows,
  window: SteppedWindow,
): Promise<PredictionsAnswer> {
  const { histograms } = await findSources(read, window);
  const where = `metric = '${METRICS.predictDuration}'`;
  const rows = await readWithin(read, histograms, {
    ...{ labels: LABELS, weight: "count", where, steps: stepCount(window) },
    sql: (from) =>
      `SELECT ${labelColumns(LABELS)}, ${stepOf(window)} AS step, sum(count)::DOUBLE AS predictions
       FROM ${from} WHERE ${where} GROUP BY ALL ORDER BY ALL`,
  });
  const series = new Map<string, PredictionsAnswer["series"][number] & { counts: number[] }>();
  for (const row of rows) {
    const [model, version, backend] = [row.text("model"), row.text("version"), row.text("backend")];
    const key = JSON.stringify([model, version, backend]);
    const counts = series.get(key)?.counts ?? new Array<number>(stepCount(window)).fill(0);
    counts[row.number("step")] = row.number("predictions");
    series.set(key, { model, version, backend, counts });
  }
  const { from, to, stepMs } = window;
  return { from, to, stepMs, series: [...series.values()] };
}
