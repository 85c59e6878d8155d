import {
  DELTA,
  METRICS,
  type OtlpBatch,
  type OtlpMetric,
  toOtlpAttributes,
  toOtlpHistogramPoint,
  toUnixNano,
} from "@selvedge/protocol";
import { toMetrics } from "./otlp-batch.ts";
import type { Measurements, Series } from "./recorder.ts";

/** Writes measurements as one OTLP batch, with an id that no other has. */
export function toBatch(measurements: Measurements, service: string): OtlpBatch {
  return toMetrics(service, [...histogramMetrics(measurements), ...counterMetrics(measurements)]);
}

function histogramMetrics({ histograms, ...span }: Measurements): OtlpMetric[] {
  return byMetric(histograms).map(([name, series]) => ({
    name,
    unit: "s",
    exponentialHistogram: {
      aggregationTemporality: DELTA,
      dataPoints: series.map((one) => toOtlpHistogramPoint(one.value, pointOf(one, span))),
    },
  }));
}

function counterMetrics({ counters, ...span }: Measurements): OtlpMetric[] {
  return byMetric(counters).map(([name, series]) => ({
    name,
    unit: name === METRICS.fetchedBytes ? "By" : "{failure}",
    sum: {
      aggregationTemporality: DELTA,
      isMonotonic: true,
      dataPoints: series.map((one) => ({ ...pointOf(one, span), asInt: String(one.value) })),
    },
  }));
}

function pointOf(
  { attributes }: Series<unknown>,
  { since, until }: Pick<Measurements, "since" | "until">,
) {
  return {
    attributes: toOtlpAttributes(attributes),
    startTimeUnixNano: toUnixNano(since),
    timeUnixNano: toUnixNano(until),
  };
}

function byMetric<T>(all: readonly Series<T>[]): [string, Series<T>[]][] {
  const metrics = new Map<string, Series<T>[]>();
  for (const series of all)
    metrics.set(series.metric, [...(metrics.get(series.metric) ?? []), series]);
  return [...metrics];
}
