import {
  DELTA,
  type OtlpBatch,
  type OtlpMetric,
  START_UNITS,
  toOtlpAttributes,
  toOtlpHistogramPoint,
  toUnixNano,
  UNITS,
} from "@selvedge/protocol";
import { toMetrics } from "./otlp-batch.ts";
import type { Measurements, Series } from "./recorder.ts";
import { toSpanBatch } from "./spans.ts";
import type { Finished } from "./tracing.ts";

/** What a page has to tell. */
export interface Gathered {
  readonly measurements: Measurements | undefined;
  readonly finished: readonly Finished[];
}

const UNIT_OF: Readonly<Record<string, string>> = { ...UNITS, ...START_UNITS };

/** Writes what gathered as OTLP batches, one a signal. */
export function toBatches(
  { measurements, finished }: Gathered,
  service: string,
): readonly OtlpBatch[] {
  return [
    ...(measurements === undefined ? [] : [toBatch(measurements, service)]),
    ...(finished.length === 0 ? [] : [toSpanBatch(finished, service)]),
  ];
}

/** Writes measurements as one OTLP batch, with an id that no other has. */
export function toBatch(measurements: Measurements, service: string): OtlpBatch {
  return toMetrics(service, [...histogramMetrics(measurements), ...counterMetrics(measurements)]);
}

function histogramMetrics({ histograms, ...span }: Measurements): OtlpMetric[] {
  return byMetric(histograms).map(([name, series]) => ({
    ...titleOf(name),
    exponentialHistogram: {
      aggregationTemporality: DELTA,
      dataPoints: series.map((one) => {
        const sum = rounded(one.value.sum);
        return toOtlpHistogramPoint({ ...one.value, sum }, pointOf(one, span));
      }),
    },
  }));
}

function counterMetrics({ counters, ...span }: Measurements): OtlpMetric[] {
  return byMetric(counters).map(([name, series]) => ({
    ...titleOf(name),
    sum: {
      aggregationTemporality: DELTA,
      isMonotonic: true,
      dataPoints: series.map((one) => ({ ...pointOf(one, span), asInt: String(one.value) })),
    },
  }));
}

function titleOf(name: string): Pick<OtlpMetric, "name" | "unit"> {
  return { name, unit: UNIT_OF[name] ?? "1" };
}

/** Without the last digits of a double, in which additions have left their errors. */
function rounded(sum: number): number {
  return Number(sum.toPrecision(12));
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
