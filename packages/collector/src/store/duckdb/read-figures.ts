import { emptyHistogram, METRICS } from "@selvedge/protocol";
import type { VersionFigures, Window } from "../store.ts";
import { groupBy } from "./group-by.ts";
import { readHistograms } from "./read-histograms.ts";
import type { AnswerRow, ReadRows } from "./read-rows.ts";
import { findSources } from "./sources.ts";
import { mergeAll } from "./to-quantiles.ts";
import { labelColumns } from "./window.ts";

const LABELS = ["model", "version"] as const;

/**
 * Failures that an app has met. An engine that failed while another answered, a proof that did not hold
 * and a version that could not be looked for are told too, and are no failed calls.
 */
export const OF_THE_APP = "coalesce(operation, 'predict') IN ('load', 'predict')";

/** Answers `Store.figures`. */
export async function readFigures(read: ReadRows, window: Window): Promise<VersionFigures[]> {
  const { histograms, counters } = await findSources(read, window);
  const durations = await readHistograms(read, {
    metrics: [METRICS.predictDuration],
    labels: LABELS,
    source: histograms,
  });
  const failures = await read(
    `SELECT ${labelColumns(LABELS)}, sum(value)::DOUBLE AS failures FROM ${counters.rows}
     WHERE metric = '${METRICS.failures}' AND ${OF_THE_APP} GROUP BY ALL HAVING failures > 0`,
    counters.parameters,
  );
  const latencies = groupBy(durations, ({ row }) => keyOf(row));
  const failed = new Map(failures.map((row) => [keyOf(row), row]));
  const keys = [...new Set([...latencies.keys(), ...failed.keys()])].sort();
  return keys.flatMap((key) => {
    const points = latencies.get(key) ?? [];
    const row = points[0]?.row ?? failed.get(key);
    if (row === undefined) return [];
    const latency =
      points.length === 0 ? emptyHistogram() : mergeAll(points.map(({ histogram }) => histogram));
    return [
      {
        model: row.text("model"),
        version: row.text("version"),
        predictions: latency.count,
        failures: failed.get(key)?.number("failures") ?? 0,
        latency,
      },
    ];
  });
}

function keyOf(row: AnswerRow): string {
  return JSON.stringify(LABELS.map((label) => row.text(label)));
}
