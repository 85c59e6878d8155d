import { FEEDBACK, type Irregularity, METRICS, PREDICTION_EVENT } from "@selvedge/protocol";
import type {
  CounterPoint,
  DistributionPoint,
  IrregularPoint,
  Labels,
  LogRecord,
  MetricsBatch,
  SpanRecord,
} from "../store.ts";
import { NOON } from "./sample-batch.ts";

const MODEL: Labels = { model: "rec", version: "1.0.0" };

/** What a device counted of one feature. */
export function distribution(
  contributor: string,
  counts: readonly number[],
  {
    bounds = counts.slice(1).map((_, i) => i),
    feature = "age",
    epsilon,
    timeMs = NOON,
    ...labels
  }: Labels & {
    bounds?: readonly number[];
    feature?: string;
    epsilon?: number;
    timeMs?: number;
  } = {},
): DistributionPoint {
  return {
    timeMs,
    labels: { ...MODEL, ...labels },
    attributes: undefined,
    resource: undefined,
    feature,
    contributor,
    epsilon,
    bounds,
    counts,
  };
}

/** Values of a feature that a device had no bin for. */
export function irregular(
  contributor: string,
  irregularity: Irregularity,
  value: number,
  { feature = "age", timeMs = NOON }: { feature?: string; timeMs?: number } = {},
): IrregularPoint {
  return {
    timeMs,
    labels: MODEL,
    attributes: undefined,
    resource: undefined,
    feature,
    contributor,
    irregularity,
    value,
  };
}

/** A batch of what devices counted of features. */
export function featuresBatch(
  id: string | undefined,
  points: readonly (DistributionPoint | IrregularPoint)[],
): MetricsBatch {
  return {
    id,
    histograms: [],
    counters: [],
    distributions: points.filter((point) => "counts" in point),
    irregulars: points.filter((point) => "irregularity" in point),
  };
}

/** Predictions whose truth came. */
export function judged(
  value: number,
  feedback: { correct?: boolean; predicted?: string; label?: string; confidence?: string },
  { timeMs = NOON }: { timeMs?: number } = {},
): CounterPoint {
  const named = Object.entries(feedback).map(([name, said]) => [
    FEEDBACK[name as keyof typeof feedback],
    said,
  ]);
  return {
    metric: METRICS.feedback,
    timeMs,
    labels: MODEL,
    attributes: JSON.stringify(Object.fromEntries(named)),
    resource: undefined,
    value,
  };
}

/** The record that a device sent of a prediction. */
export function predictionRecord(fields: Partial<LogRecord> = {}): LogRecord {
  return {
    timeMs: NOON,
    labels: MODEL,
    attributes: '{"selvedge.queue.ms":0.5,"selvedge.cohort":"blue"}',
    resource: undefined,
    severity: 9,
    event: PREDICTION_EVENT,
    body: undefined,
    prediction: "p-1",
    trace: "0af7651916cd43dd8448eb211c80319c",
    ...fields,
  };
}

/** A span of the same trace. */
export function span(fields: Partial<SpanRecord> = {}): SpanRecord {
  return {
    timeMs: NOON - 5,
    labels: MODEL,
    attributes: undefined,
    resource: undefined,
    name: "predict",
    trace: "0af7651916cd43dd8448eb211c80319c",
    span: "b7ad6b7169203331",
    parent: undefined,
    durationMs: 12.5,
    isError: false,
    prediction: undefined,
    ...fields,
  };
}
