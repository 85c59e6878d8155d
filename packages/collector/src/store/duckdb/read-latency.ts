import { type ExponentialHistogram, type LatencyAnswer, METRICS } from "@selvedge/protocol";
import type { SteppedWindow } from "../store.ts";
import { groupBy } from "./group-by.ts";
import { type LabelledHistogram, readHistograms } from "./read-histograms.ts";
import type { ReadRows } from "./read-rows.ts";
import { findSources } from "./sources.ts";
import { toQuantiles } from "./to-quantiles.ts";
import { stepCount, stepOf } from "./window.ts";

const PREDICT_LABELS = ["model", "version", "dtype", "backend"] as const;
const LOAD_LABELS = ["model", "version", "backend", "phase"] as const;

/** Answers `Store.latency`. */
export async function readLatency(read: ReadRows, window: SteppedWindow): Promise<LatencyAnswer> {
  const { histograms } = await findSources(read, window);
  const { from, to, stepMs } = window;
  const predict = await readHistograms(read, {
    metrics: [METRICS.predictDuration],
    labels: PREDICT_LABELS,
    step: stepOf(window),
    steps: stepCount(window),
    source: histograms,
  });
  const load = await readHistograms(read, {
    metrics: [METRICS.loadDuration],
    labels: LOAD_LABELS,
    source: histograms,
  });
  return {
    from,
    to,
    stepMs,
    predict: series(predict, PREDICT_LABELS).flatMap((points) => {
      const [first] = points;
      const whole = toQuantiles(points.map(({ histogram }) => histogram));
      if (first === undefined || whole === null) return [];
      const { row } = first;
      const steps: ExponentialHistogram[][] = Array.from({ length: stepCount(window) }, () => []);
      for (const { step, histogram } of points) steps[step]?.push(histogram);
      return [
        {
          model: row.text("model"),
          version: row.text("version"),
          dtype: row.text("dtype"),
          backend: row.text("backend"),
          ...whole,
          steps: steps.map(toQuantiles),
        },
      ];
    }),
    load: series(load, LOAD_LABELS).flatMap((points) => {
      const [first] = points;
      const whole = toQuantiles(points.map(({ histogram }) => histogram));
      if (first === undefined || whole === null) return [];
      const { row } = first;
      return [
        {
          model: row.text("model"),
          version: row.text("version"),
          backend: row.text("backend"),
          phase: row.text("phase"),
          ...whole,
        },
      ];
    }),
  };
}

function series(
  points: readonly LabelledHistogram[],
  labels: readonly string[],
): LabelledHistogram[][] {
  const keyOf = ({ row }: LabelledHistogram) =>
    JSON.stringify(labels.map((label) => row.text(label)));
  return [...groupBy(points, keyOf).values()];
}
