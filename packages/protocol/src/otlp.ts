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

/** Counts between bounds: bucket `i` holds `(explicitBounds[i-1], explicitBounds[i]]`. */
export interface OtlpHistogramPoint {
  readonly attributes?: readonly OtlpAttribute[];
  readonly startTimeUnixNano?: OtlpInt64;
  readonly timeUnixNano: OtlpInt64;
  readonly count: OtlpInt64;
  readonly sum?: number;
  readonly min?: number;
  readonly max?: number;
  /** One more than there are bounds. */
  readonly bucketCounts?: readonly OtlpInt64[];
  readonly explicitBounds?: readonly number[];
}

export interface OtlpMetric {
  readonly name: string;
  readonly description?: string;
  readonly unit?: string;
  readonly histogram?: {
    readonly aggregationTemporality: number;
    readonly dataPoints: readonly OtlpHistogramPoint[];
  };
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
  /** Names what kind of event it tells of. */
  readonly eventName?: string;
  /** 32 hex digits. */
  readonly traceId?: string;
  /** 16 hex digits. */
  readonly spanId?: string;
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

/** Something that took a while, within a trace. */
export interface OtlpSpan {
  /** 32 hex digits. */
  readonly traceId: string;
  /** 16 hex digits. */
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly traceState?: string;
  readonly name: string;
  /** 1 internal, 2 server, 3 client, 4 producer, 5 consumer. */
  readonly kind?: number;
  readonly startTimeUnixNano: OtlpInt64;
  readonly endTimeUnixNano: OtlpInt64;
  readonly attributes?: readonly OtlpAttribute[];
  readonly events?: readonly {
    readonly timeUnixNano: OtlpInt64;
    readonly name: string;
    readonly attributes?: readonly OtlpAttribute[];
  }[];
  readonly links?: readonly {
    readonly traceId: string;
    readonly spanId: string;
    readonly attributes?: readonly OtlpAttribute[];
  }[];
  /** 0 unset, 1 ok, 2 error. */
  readonly status?: { readonly code?: number; readonly message?: string };
}

/** The body of a request to `/v1/traces`. */
export interface OtlpTracesRequest {
  readonly resourceSpans: readonly {
    readonly resource?: OtlpResource;
    readonly scopeSpans: readonly {
      readonly scope?: OtlpScope;
      readonly spans: readonly OtlpSpan[];
    }[];
  }[];
}

/** One request to a collector: which of its addresses it goes to, and its body. */
export type OtlpBatch =
  | { readonly signal: "metrics"; readonly body: OtlpMetricsRequest }
  | { readonly signal: "logs"; readonly body: OtlpLogsRequest }
  | { readonly signal: "traces"; readonly body: OtlpTracesRequest };

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
