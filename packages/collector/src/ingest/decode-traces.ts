import type { OtlpSpan } from "@selvedge/protocol";
import type { SpanRecord, SpansBatch } from "../store/store.ts";
import { batchesById } from "./batches-by-id.ts";
import { decodeAttributes, type Resource } from "./decode-attributes.ts";
import { MAX_ATTRIBUTE_CHARS } from "./decode-logs.ts";
import { createItemLimit } from "./item-limit.ts";
import { PREDICTION_KEYS, predictionOf } from "./prediction-id.ts";
import { objectAt, toHexId, toNanos, toTimeMs, type Untrusted } from "./read-fields.ts";
import { Refusal, Refusals } from "./refusals.ts";
import { TRACES_LEVELS, walkRequest } from "./walk-request.ts";

const MAX_NAME_CHARS = 1024;

const NANOS_PER_MICRO = 1000n;

/** `STATUS_CODE_ERROR`. */
const ERROR = 2;

/** What of a request is to be stored, and what of it is refused. */
export interface DecodedTraces {
  readonly batches: readonly SpansBatch[];
  readonly refusals: Refusals;
}

/**
 * Reads the body of a request to `/v1/traces`, as its JSON says it. Spans that make no sense are
 * refused one by one; everything around them must be OTLP.
 *
 * @throws SelvedgeError `telemetry-invalid` when it is not OTLP, `telemetry-too-large` when it has
 * too many spans.
 */
export function decodeTraces(body: unknown, nowMs: number): DecodedTraces {
  const refusals = new Refusals();
  const count = createItemLimit();
  const batches = batchesById((id) => ({ id, spans: [] as SpanRecord[] }));
  for (const { item, path, resource } of walkRequest(body, TRACES_LEVELS)) {
    count(1);
    const fields = objectAt<OtlpSpan>(item, path);
    const { spans } = batches.of(resource.batchId);
    refusals.keep(() => {
      spans.push(readSpan(fields, resource, nowMs));
    });
  }
  return { batches: batches.all, refusals };
}

function readSpan(fields: Untrusted<OtlpSpan>, resource: Resource, nowMs: number): SpanRecord {
  const trace = toHexId(fields.traceId, 32);
  const span = toHexId(fields.spanId, 16);
  if (trace === undefined || span === undefined)
    throw new Refusal("its trace id or span id is not 32 or 16 hex digits, or is zero");
  const { name = "" } = fields;
  if (typeof name !== "string" || name.length > MAX_NAME_CHARS)
    throw new Refusal(`its name is no text of at most ${MAX_NAME_CHARS} characters`);
  const { labels, taken, attributes } = decodeAttributes(fields.attributes, {
    ofResource: resource.labels,
    maxChars: MAX_ATTRIBUTE_CHARS,
    take: PREDICTION_KEYS,
  });
  return {
    ...readTimes(fields, nowMs),
    labels,
    attributes,
    resource: resource.attributes,
    name,
    trace,
    span,
    parent: toHexId(fields.parentSpanId, 16),
    isError: isError(fields.status),
    prediction: predictionOf(taken),
  };
}

/** A span of years came from a clock that was set meanwhile, and its times are as absurd as any. */
function readTimes(
  { startTimeUnixNano: start, endTimeUnixNano: end }: Untrusted<OtlpSpan>,
  nowMs: number,
): Pick<SpanRecord, "timeMs" | "timeUs" | "durationMs"> {
  const timeMs = toTimeMs(start, nowMs);
  if (timeMs === undefined || toTimeMs(end, nowMs) === undefined)
    throw new Refusal("its start or end is before 2020, more than a day ahead, or none");
  const from = toNanos(start as string | number);
  const durationMs = Number(toNanos(end as string | number) - from) / 1e6;
  if (durationMs < 0) throw new Refusal("it ends before it starts");
  const timeUs = Number(from / NANOS_PER_MICRO) - timeMs * 1000;
  return { timeMs, timeUs, durationMs };
}

function isError(status: unknown): boolean {
  return typeof status === "object" && status !== null && "code" in status && status.code === ERROR;
}
