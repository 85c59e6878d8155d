import {
  ATTRIBUTES,
  BATCH_ID,
  DELTA,
  type ExponentialHistogram,
  emptyHistogram,
  METRICS,
  type OtlpMetric,
  type OtlpMetricsRequest,
  recordValue,
  toHex,
  toOtlpAttributes,
  toOtlpHistogramPoint,
  toUnixNano,
} from "@selvedge/protocol";
import { SDK_VERSION } from "../version.ts";

/** What a measurement is about. */
export interface Subject {
  readonly model: string;
  readonly version: string;
  readonly dtype: string;
  readonly backend: string;
}

type Attributes = Readonly<Record<string, string>>;

/**
 * What happened since it was last taken, as counts and histograms: its size does not grow with the
 * number of predictions. Inputs and outputs never come near it.
 */
export class Recorder {
  readonly #service: string;
  readonly #onFirst: () => void;
  readonly #histograms = new Map<string, Series<ExponentialHistogram>>();
  readonly #counters = new Map<string, Series<number>>();
  #since = Date.now();

  /** @param onFirst called when something is recorded after there was nothing */
  constructor(service: string, onFirst: () => void) {
    this.#service = service;
    this.#onFirst = onFirst;
  }

  predicted(subject: Subject, milliseconds: number): void {
    this.#time(METRICS.predictDuration, attributesOf(subject), milliseconds);
  }

  loaded(subject: Subject, phase: string, milliseconds: number): void {
    const attributes = { ...attributesOf(subject), [ATTRIBUTES.phase]: phase };
    this.#time(METRICS.loadDuration, attributes, milliseconds);
  }

  fetched(subject: Subject, bytes: number): void {
    this.#count(METRICS.fetchedBytes, attributesOf(subject), bytes);
  }

  failed(subject: Partial<Subject>, operation: string, code: string): void {
    this.#count(
      METRICS.failures,
      { ...attributesOf(subject), [ATTRIBUTES.operation]: operation, [ATTRIBUTES.error]: code },
      1,
    );
  }

  /** Takes everything recorded so far as one OTLP batch, and begins anew. */
  take(now: number = Date.now()): OtlpMetricsRequest | undefined {
    const metrics = [...this.#histogramMetrics(now), ...this.#counterMetrics(now)];
    this.#histograms.clear();
    this.#counters.clear();
    this.#since = now;
    if (metrics.length === 0) return undefined;
    const resource = {
      "service.name": this.#service,
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

  #time(metric: string, attributes: Attributes, milliseconds: number): void {
    const series = this.#histograms.get(seriesKey(metric, attributes));
    this.#put(this.#histograms, {
      metric,
      attributes,
      value: recordValue(series?.value ?? emptyHistogram(), milliseconds / 1000),
    });
  }

  #count(metric: string, attributes: Attributes, by: number): void {
    const before = this.#counters.get(seriesKey(metric, attributes))?.value ?? 0;
    this.#put(this.#counters, { metric, attributes, value: before + by });
  }

  #put<T>(map: Map<string, Series<T>>, series: Series<T>): void {
    const isFirst = this.#histograms.size + this.#counters.size === 0;
    map.set(seriesKey(series.metric, series.attributes), series);
    if (isFirst) this.#onFirst();
  }

  #histogramMetrics(now: number): OtlpMetric[] {
    return byMetric(this.#histograms).map(([name, series]) => ({
      name,
      unit: "s",
      exponentialHistogram: {
        aggregationTemporality: DELTA,
        dataPoints: series.map(({ attributes, value }) =>
          toOtlpHistogramPoint(value, this.#point(attributes, now)),
        ),
      },
    }));
  }

  #counterMetrics(now: number): OtlpMetric[] {
    return byMetric(this.#counters).map(([name, series]) => ({
      name,
      unit: name === METRICS.fetchedBytes ? "By" : "{failure}",
      sum: {
        aggregationTemporality: DELTA,
        isMonotonic: true,
        dataPoints: series.map(({ attributes, value }) => ({
          ...this.#point(attributes, now),
          asInt: String(value),
        })),
      },
    }));
  }

  #point(attributes: Attributes, now: number) {
    return {
      attributes: toOtlpAttributes(attributes),
      startTimeUnixNano: toUnixNano(this.#since),
      timeUnixNano: toUnixNano(now),
    };
  }
}

interface Series<T> {
  readonly metric: string;
  readonly attributes: Attributes;
  readonly value: T;
}

function attributesOf(subject: Partial<Subject>): Attributes {
  const known = (["model", "version", "dtype", "backend"] as const).flatMap((key) => {
    const value = subject[key];
    return value === undefined ? [] : [[ATTRIBUTES[key], value] as const];
  });
  return Object.fromEntries(known);
}

function seriesKey(metric: string, attributes: Attributes): string {
  return JSON.stringify([metric, attributes]);
}

function byMetric<T>(map: ReadonlyMap<string, Series<T>>): [string, Series<T>[]][] {
  const metrics = new Map<string, Series<T>[]>();
  for (const series of map.values())
    metrics.set(series.metric, [...(metrics.get(series.metric) ?? []), series]);
  return [...metrics];
}
