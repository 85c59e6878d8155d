import {
  BATCH_ID,
  DELTA,
  METRICS,
  type OtlpMetric,
  type OtlpMetricsRequest,
  toHex,
  toOtlpAttributes,
  toOtlpHistogramPoint,
  toUnixNano,
} from "@selvedge/protocol";
import { SDK_VERSION } from "../version.ts";
import type { Measurements, Series } from "./recorder.ts";

/** Writes measurements as one OTLP batch, with an id that no other has. */
export function toBatch(measurements: Measurements, service: string): OtlpMetricsRequest {
  const metrics = [...histogramMetrics(measurements), ...counterMetrics(measurements)];
  const resource = {
    "service.name": service,
    "telemetry.sdk.name": "selvedge",
    "telemetry.sdk.language": "webjs",
    "telemetry.sdk.version": SDK_VERSION,
    // Not randomUUID, which a page that is no secure context lacks: that failure is to be told too.
    [BATCH_ID]: toHex(crypto.getRandomValues(new Uint8Array(16))),
  };
  return {
    resourceMetrics: [
      {
        resource: { attributes: toOtlpAttributes(resource) },
        scopeMetrics: [{ scope: { name: "selvedge", version: SDK_VERSION }, metrics }],
      },
    ],
  };
}

function histogramMetrics({ histograms, ...span }: Measurements): OtlpMetric[] {
  return byMetric(histograms).map(([name, series]) => ({
    name,
    unit: name === METRICS.feedbackError ? "1" : "s",
    exponentialHistogram: {
      aggregationTemporality: DELTA,
      dataPoints: series.map((one) => toOtlpHistogramPoint(one.value, pointOf(one, span))),
    },
  }));
}

function counterMetrics({ counters, ...span }: Measurements): OtlpMetric[] {
  return byMetric(counters).map(([name, series]) => ({
    name,
    unit:
      name === METRICS.fetchedBytes
        ? "By"
        : name === METRICS.feedback
          ? "{prediction}"
          : "{failure}",
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
