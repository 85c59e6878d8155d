/**
 * The part of OTLP's JSON encoding that Selvedge speaks: lowerCamelCase names, enums as numbers,
 * 64-bit integers as strings (numbers are accepted too), times in nanoseconds since 1970.
 *
 * @see https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding
 */
import type { ExponentialHistogram } from "./exponential-histogram.ts";

/** A 64-bit integer: a string of digits, or a number from senders that do not mind precision. */
export type OtlpInt64 = string | number;

export interface OtlpValue {
  readonly stringValue?: string;
  readonly boolValue?: boolean;
  readonly intValue?: OtlpInt64;
  readonly doubleValue?: number;
}

export interface OtlpAttribute {
  readonly key: string;
  readonly value: OtlpValue;
}

export interface OtlpResource {
  readonly attributes?: readonly OtlpAttribute[];
}

export interface OtlpScope {
  readonly name?: string;
  readonly version?: string;
}

/** Delta temporality: each export says what happened since the one before it. */
export const DELTA = 1;

export interface OtlpNumberPoint {
  readonly attributes?: readonly OtlpAttribute[];
  readonly startTimeUnixNano?: OtlpInt64;
  readonly timeUnixNano: OtlpInt64;
  readonly asInt?: OtlpInt64;
  readonly asDouble?: number;
}

export interface OtlpBuckets {
  readonly offset?: number;
  readonly bucketCounts?: readonly OtlpInt64[];
}

export interface OtlpExponentialHistogramPoint {
  readonly attributes?: readonly OtlpAttribute[];
  readonly startTimeUnixNano?: OtlpInt64;
  readonly timeUnixNano: OtlpInt64;
  readonly count: OtlpInt64;
  readonly sum?: number;
  readonly min?: number;
  readonly max?: number;
  readonly scale: number;
  readonly zeroCount?: OtlpInt64;
  readonly positive?: OtlpBuckets;
  readonly negative?: OtlpBuckets;
}

export interface OtlpMetric {
  readonly name: string;
  readonly unit?: string;
  readonly sum?: {
    readonly aggregationTemporality: number;
    readonly isMonotonic: boolean;
    readonly dataPoints: readonly OtlpNumberPoint[];
  };
  readonly exponentialHistogram?: {
    readonly aggregationTemporality: number;
    readonly dataPoints: readonly OtlpExponentialHistogramPoint[];
  };
}

/** The body of a request to `/v1/metrics`. */
export interface OtlpMetricsRequest {
  readonly resourceMetrics: readonly {
    readonly resource?: OtlpResource;
    readonly scopeMetrics: readonly {
      readonly scope?: OtlpScope;
      readonly metrics: readonly OtlpMetric[];
    }[];
  }[];
}

export interface OtlpLogRecord {
  readonly timeUnixNano: OtlpInt64;
  readonly severityNumber?: number;
  readonly severityText?: string;
  readonly body?: OtlpValue;
  readonly attributes?: readonly OtlpAttribute[];
}

/** The body of a request to `/v1/logs`. */
export interface OtlpLogsRequest {
  readonly resourceLogs: readonly {
    readonly resource?: OtlpResource;
    readonly scopeLogs: readonly {
      readonly scope?: OtlpScope;
      readonly logRecords: readonly OtlpLogRecord[];
    }[];
  }[];
}

/** The resource attribute that names a batch, so that a repeat of it can be told from a new one. */
export const BATCH_ID = "selvedge.batch.id";

/** What Selvedge measures on a device, by the name it has in OTLP. */
export const METRICS = {
  /** Histogram, seconds: one `predict` call, from the page's call to its answer. */
  predictDuration: "selvedge.predict.duration",
  /** Histogram, seconds: a phase of loading a model; `selvedge.phase` names it. */
  loadDuration: "selvedge.load.duration",
  /** Counter, bytes: model bytes fetched from the registry. */
  fetchedBytes: "selvedge.fetch.size",
  /** Counter: calls that failed; `error.type` is the error's code. */
  failures: "selvedge.failures",
} as const;

/** What a point can be told apart by. */
export const ATTRIBUTES = {
  model: "selvedge.model.name",
  version: "selvedge.model.version",
  dtype: "selvedge.model.dtype",
  backend: "selvedge.backend",
  phase: "selvedge.phase",
  operation: "selvedge.operation",
  error: "error.type",
} as const;

/** Writes attributes as OTLP has them; numbers become integers where they are whole, text where they are not finite. */
export function toOtlpAttributes(
  attributes: Readonly<Record<string, string | number | boolean>>,
): OtlpAttribute[] {
  return Object.entries(attributes).map(([key, value]) => {
    if (typeof value === "string") return { key, value: { stringValue: value } };
    if (typeof value === "boolean") return { key, value: { boolValue: value } };
    if (Number.isSafeInteger(value)) return { key, value: { intValue: String(value) } };
    // JSON has no infinities and no NaN: they would arrive as null.
    if (!Number.isFinite(value)) return { key, value: { stringValue: String(value) } };
    return { key, value: { doubleValue: value } };
  });
}

/** Milliseconds since 1970 as OTLP has them: nanoseconds, in a string; exact to the microsecond. */
export function toUnixNano(timeMs: number): string {
  return String(BigInt(Math.round(timeMs * 1000)) * 1000n);
}

/** Writes a histogram as a point of OTLP. */
export function toOtlpHistogramPoint(
  histogram: ExponentialHistogram,
  point: Pick<OtlpExponentialHistogramPoint, "attributes" | "startTimeUnixNano" | "timeUnixNano">,
): OtlpExponentialHistogramPoint {
  const buckets = ({ offset, counts }: ExponentialHistogram["positive"]): OtlpBuckets => ({
    offset,
    bucketCounts: counts.map(String),
  });
  return {
    ...point,
    count: String(histogram.count),
    // A sum can outgrow a double; OTLP lets it be left out, and JSON cannot say Infinity.
    ...(Number.isFinite(histogram.sum) ? { sum: histogram.sum } : {}),
    ...(histogram.min === undefined ? {} : { min: histogram.min }),
    ...(histogram.max === undefined ? {} : { max: histogram.max }),
    scale: histogram.scale,
    zeroCount: String(histogram.zeroCount),
    positive: buckets(histogram.positive),
    negative: buckets(histogram.negative),
  };
}
