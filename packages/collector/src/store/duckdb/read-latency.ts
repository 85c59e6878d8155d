import {
  type ExponentialHistogram,
  emptyHistogram,
  type LatencyAnswer,
  MAX_SCALE,
  METRICS,
  mergeHistograms,
  type Quantiles,
  quantile,
} from "@selvedge/protocol";
import type { SteppedWindow } from "../store.ts";
import { groupBy } from "./group-by.ts";
import { type LabelledHistogram, readHistograms } from "./read-histograms.ts";
import type { AnswerRow, ReadRows } from "./read-rows.ts";
import { stepCount, stepOf, within } from "./window.ts";

const PREDICT_LABELS = ["model", "version", "dtype", "backend"] as const;
const LOAD_LABELS = ["model", "version", "backend", "phase"] as const;

/** Answers `Store.latency`. */
export async function readLatency(read: ReadRows, window: SteppedWindow): Promise<LatencyAnswer> {
  const { from, to, stepMs } = window;
  const { predictDuration, loadDuration } = METRICS;
  const [predict, load] = await Promise.all([
    readHistograms(read, {
      metric: predictDuration,
      labels: PREDICT_LABELS,
      step: stepOf(window),
      ...within(window),
    }),
    readHistograms(read, {
      metric: loadDuration,
      labels: LOAD_LABELS,
      step: "0",
      ...within(window),
    }),
  ]);
  return {
    from,
    to,
    stepMs,
    predict: series(predict, PREDICT_LABELS).map(({ row, points, whole }) => {
      const steps = groupBy(points, ({ step }) => String(step));
      return {
        model: row.text("model"),
        version: row.text("version"),
        dtype: row.text("dtype"),
        backend: row.text("backend"),
        ...whole,
        steps: Array.from({ length: stepCount(window) }, (_, step) =>
          toQuantiles(steps.get(String(step)) ?? []),
        ),
      };
    }),
    load: series(load, LOAD_LABELS).map(({ row, whole }) => ({
      model: row.text("model"),
      version: row.text("version"),
      backend: row.text("backend"),
      phase: row.text("phase"),
      ...whole,
    })),
  };
}

interface Series {
  readonly row: AnswerRow;
  readonly points: readonly LabelledHistogram[];
  readonly whole: Quantiles;
}

function series(points: readonly LabelledHistogram[], labels: readonly string[]): Series[] {
  const keyOf = ({ row }: LabelledHistogram) =>
    JSON.stringify(labels.map((label) => row.text(label)));
  return [...groupBy(points, keyOf).values()].flatMap((group) => {
    const [first] = group;
    const whole = toQuantiles(group);
    return first === undefined || whole === null ? [] : [{ row: first.row, points: group, whole }];
  });
}

/** Quantiles of everything in the points, from seconds to milliseconds; `null` for nothing. */
function toQuantiles(points: readonly LabelledHistogram[]): Quantiles | null {
  const nothing: ExponentialHistogram = emptyHistogram(MAX_SCALE);
  const merged = points.reduce((sum, { histogram }) => mergeHistograms(sum, histogram), nothing);
  const ms = (q: number) => (quantile(merged, q) ?? 0) * 1000;
  return merged.count === 0
    ? null
    : { count: merged.count, p50: ms(0.5), p95: ms(0.95), p99: ms(0.99) };
}
