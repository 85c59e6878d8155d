import { type ExponentialHistogram, type LatencyAnswer, METRICS } from "@selvedge/protocol";
import type { SteppedWindow } from "../store.ts";
import { groupBy } from "./group-by.ts";
import { areFew, type LabelledHistogram, readHistograms, readWhole } from "./read-histograms.ts";
import type { ReadRows } from "./read-rows.ts";
import { findSources, type Source } from "./sources.ts";
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

/** Durations of both kinds. */
interface Durations {
  readonly predict: readonly LabelledHistogram[];
  readonly load: readonly LabelledHistogram[];
}

/** Answers `Store.latency`. */
export async function readLatency(read: ReadRows, window: SteppedWindow): Promise<LatencyAnswer> {
  const { histograms } = await findSources(read, window);
  const { from, to, stepMs } = window;
  const { predict, load } =
    (await readTogether(read, window, histograms)) ?? (await readApart(read, window, histograms));
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

/**
 * Both kinds in one query, as to plan a second takes longer than what it would add up; `undefined` where
 * there are too many of either for one answer.
 */
async function readTogether(
  read: ReadRows,
  window: SteppedWindow,
  source: Source,
): Promise<Durations | undefined> {
  const points = await readWhole(read, {
    metrics: [predictDuration, loadDuration],
    labels: LABELS,
    step: `CASE WHEN metric = '${loadDuration}' THEN 0 ELSE ${stepOf(window)} END`,
    source: { ...source, rows: `(SELECT * REPLACE (${SHOWN}) FROM ${source.rows})` },
  });
  if (points === undefined) return undefined;
  const predict = points.filter(({ metric }) => metric === predictDuration);
  const load = points.filter(({ metric }) => metric === loadDuration);
  const isRoom = areFew(predict, PREDICT_LABELS, stepCount(window)) && areFew(load, LOAD_LABELS, 1);
  return isRoom ? { predict, load } : undefined;
}

/** Each kind by itself: what is too much of one leaves the other as it is. */
async function readApart(
  read: ReadRows,
  window: SteppedWindow,
  source: Source,
): Promise<Durations> {
  const predict = await readHistograms(read, {
    metrics: [predictDuration],
    labels: PREDICT_LABELS,
    step: stepOf(window),
    steps: stepCount(window),
    source,
  });
  const load = await readHistograms(read, {
    metrics: [loadDuration],
    labels: LOAD_LABELS,
    source,
  });
  return { predict, load };
}

function series(
  points: readonly LabelledHistogram[],
  labels: readonly string[],
): LabelledHistogram[][] {
  const keyOf = ({ row }: LabelledHistogram) =>
    JSON.stringify(labels.map((label) => row.text(label)));
  return [...groupBy(points, keyOf).values()];
}
