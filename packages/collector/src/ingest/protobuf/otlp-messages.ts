import { type MessageSchema, message } from "./message-schema.ts";

/**
 * The part of OTLP's messages that the collector stores. Lists, maps and bytes as values of attributes
 * are not among them, so no message holds one of its own kind, and nothing can be nested without end.
 *
 * @see https://github.com/open-telemetry/opentelemetry-proto/tree/main/opentelemetry/proto
 */
const ANY_VALUE = message(
  [1, "stringValue", "string"],
  [2, "boolValue", "bool"],
  [3, "intValue", "int64"],
  [4, "doubleValue", "double"],
);

const KEY_VALUE = message([1, "key", "string"], [2, "value", ANY_VALUE]);

const RESOURCE = message([1, "attributes", KEY_VALUE, "repeated"]);

const NUMBER_POINT = message(
  [7, "attributes", KEY_VALUE, "repeated"],
  [3, "timeUnixNano", "fixed64"],
  [4, "asDouble", "double"],
  [6, "asInt", "sfixed64"],
);

const HISTOGRAM_POINT = message(
  [9, "attributes", KEY_VALUE, "repeated"],
  [3, "timeUnixNano", "fixed64"],
  [4, "count", "fixed64"],
  [5, "sum", "double"],
  [6, "bucketCounts", "fixed64", "repeated"],
  [7, "explicitBounds", "double", "repeated"],
  [11, "min", "double"],
  [12, "max", "double"],
);

const BUCKETS = message([1, "offset", "sint32"], [2, "bucketCounts", "uint64", "repeated"]);

const EXPONENTIAL_HISTOGRAM_POINT = message(
  [1, "attributes", KEY_VALUE, "repeated"],
  [3, "timeUnixNano", "fixed64"],
  [4, "count", "fixed64"],
  [5, "sum", "double"],
  [6, "scale", "sint32"],
  [7, "zeroCount", "fixed64"],
  [8, "positive", BUCKETS],
  [9, "negative", BUCKETS],
  [12, "min", "double"],
  [13, "max", "double"],
);

/** Of what is refused whole, the points are only counted. */
const COUNTED = message([1, "dataPoints", message(), "repeated"]);

const METRIC = message(
  [1, "name", "string"],
  [5, "gauge", COUNTED],
  [
    7,
    "sum",
    message(
      [1, "dataPoints", NUMBER_POINT, "repeated"],
      [2, "aggregationTemporality", "int32"],
      [3, "isMonotonic", "bool"],
    ),
  ],
  [
    9,
    "histogram",
    message([1, "dataPoints", HISTOGRAM_POINT, "repeated"], [2, "aggregationTemporality", "int32"]),
  ],
  [
    10,
    "exponentialHistogram",
    message(
      [1, "dataPoints", EXPONENTIAL_HISTOGRAM_POINT, "repeated"],
      [2, "aggregationTemporality", "int32"],
    ),
  ],
  [11, "summary", COUNTED],
);

const LOG_RECORD = message(
  [1, "timeUnixNano", "fixed64"],
  [2, "severityNumber", "int32"],
  [3, "severityText", "string"],
  [5, "body", ANY_VALUE],
  [6, "attributes", KEY_VALUE, "repeated"],
  [9, "traceId", "hex"],
  [10, "spanId", "hex"],
  [11, "observedTimeUnixNano", "fixed64"],
  [12, "eventName", "string"],
);

const SPAN = message(
  [1, "traceId", "hex"],
  [2, "spanId", "hex"],
  [4, "parentSpanId", "hex"],
  [5, "name", "string"],
  [6, "kind", "int32"],
  [7, "startTimeUnixNano", "fixed64"],
  [8, "endTimeUnixNano", "fixed64"],
  [9, "attributes", KEY_VALUE, "repeated"],
  [15, "status", message([3, "code", "int32"])],
);

/** `ExportMetricsServiceRequest`. */
export const METRICS_REQUEST: MessageSchema = request("Metrics", ["metrics", METRIC]);

/** `ExportLogsServiceRequest`. */
export const LOGS_REQUEST: MessageSchema = request("Logs", ["logRecords", LOG_RECORD]);

/** `ExportTraceServiceRequest`. */
export const TRACES_REQUEST: MessageSchema = request("Spans", ["spans", SPAN]);

/** The levels that requests of all signals have. */
function request(signal: string, [name, item]: readonly [string, MessageSchema]): MessageSchema {
  const scope = message([2, name, item, "repeated"]);
  return message([
    1,
    `resource${signal}`,
    message([1, "resource", RESOURCE], [2, `scope${signal}`, scope, "repeated"]),
    "repeated",
  ]);
}
