import { type ExponentialHistogram, type LatencyAnswer, METRICS } from "@selvedge/protocol";
import type { SteppedWindow } from "../store.ts";
import { groupBy } from "./group-by.ts";
import { type LabelledHistogram, readHistograms } from "./read-histograms.ts";
import type { ReadRows } from "./read-rows.ts";
import { findSources } from "./sources.ts";
import { toQuantiles } from "./to-quantiles.ts";
import { stepCount, stepOf } from "./window.ts";

const { predictDuration, loadDuration } = METRICS;
const PREDICT_LABELS = ["model", "version", "dtype", "backend"] as const;
const LOAD_LABELS = ["model", "version", "backend", "phase"] as const;

/** What tells durations of both kinds apart. */
const LABELS = [...new Set([...PREDICT_LABELS, ...LOAD_LABELS])];

/** SQL in place of the labels that are shown of durations of one kind: of the others they are not told. */
const SHOWN = `CASE WHEN metric = '${predictDuration}' THEN dtype END AS dtype,
  CASE WHEN metric = '${loadDuration}' THEN phase END AS phase`;

/** Answers `Store.latency`, in one query: to plan a second takes longer than what it would add up. */
export async function readLatency(read: ReadRows, window: SteppedWindow): Promise<LatencyAnswer> {
  const { histograms } = await findSources(read, window);
  const { from, to, stepMs } = window;
  const points = await readHistograms(read, {
    metrics: [predictDuration, loadDuration],
    labels: LABELS,
    step: `CASE WHEN metric = '${loadDuration}' THEN 0 ELSE ${stepOf(window)} END`,
    steps: stepCount(window),
    source: { ...histograms, rows: `(SELECT * REPLACE (${SHOWN}) FROM ${histograms.rows})` },
  });
  const pointsOf = (metric: string) => points.filter((point) => point.metric === metric);
  return {
    from,
    to,
    stepMs,
    predict: series(pointsOf(predictDuration), PREDICT_LABELS).flatMap((points) => {
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
    load: series(pointsOf(loadDuration), LOAD_LABELS).flatMap((points) => {
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
