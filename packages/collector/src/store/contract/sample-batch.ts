import { emptyHistogram, METRICS, recordValue } from "@selvedge/protocol";
import { toSparse } from "../sparse-histogram.ts";
import type { CounterPoint, HistogramPoint, Labels, MetricsBatch } from "../store.ts";

/** A whole minute, so that steps of a minute begin where tests say. */
export const NOON: number = Date.UTC(2026, 5, 1, 12);

const MODEL: Labels = { model: "rec", version: "1.0.0", dtype: "fp32", backend: "wasm" };

/** A batch of these points. */
export function batchOf(
  id: string | undefined,
  points: readonly (HistogramPoint | CounterPoint)[],
): MetricsBatch {
  return {
    id,
    histograms: points.filter((point) => "histogram" in point),
    counters: points.filter((point) => "value" in point),
    distributions: [],
    irregulars: [],
  };
}

/** Predictions that took so many seconds each. */
export function predictions(
  seconds: readonly number[],
  { scale = 5, timeMs = NOON, ...labels }: Labels & { scale?: number; timeMs?: number } = {},
): HistogramPoint {
  return durations(METRICS.predictDuration, seconds, { scale, timeMs, ...labels });
}

/** A histogram of seconds under any metric's name. */
export function durations(
  metric: string,
  seconds: readonly number[],
  { scale = 5, timeMs = NOON, ...labels }: Labels & { scale?: number; timeMs?: number } = {},
): HistogramPoint {
  return {
    metric,
    timeMs,
    labels: { ...MODEL, ...labels },
    attributes: undefined,
    resource: '{"service.name":"shop"}',
    histogram: toSparse(seconds.reduce(recordValue, emptyHistogram(scale))),
  };
}

/** So many failures of a kind. */
export function failures(
  value: number,
  { timeMs = NOON, ...labels }: Labels & { timeMs?: number } = {},
): CounterPoint {
  return {
    metric: METRICS.failures,
    timeMs,
    labels: { ...MODEL, operation: "load", error: "network", ...labels },
    attributes: undefined,
    resource: undefined,
    value,
  };
}
