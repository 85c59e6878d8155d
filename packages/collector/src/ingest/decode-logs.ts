import type { OtlpLogRecord } from "@selvedge/protocol";
import type { LogRecord, LogsBatch } from "../store/store.ts";
import { batchesById } from "./batches-by-id.ts";
import { decodeAttributes, decodeValue, type Resource } from "./decode-attributes.ts";
import { createItemLimit } from "./item-limit.ts";
import { PREDICTION_KEYS, predictionOf } from "./prediction-id.ts";
import { objectAt, toCount, toHexId, toTimeMs, type Untrusted } from "./read-fields.ts";
import { Refusal, Refusals } from "./refusals.ts";
import { LOGS_LEVELS, walkRequest } from "./walk-request.ts";

const MAX_BODY_CHARS = 8192;
const MAX_EVENT_CHARS = 256;

/** Texts of a record are no series, so that they may be longer than labels. */
export const MAX_ATTRIBUTE_CHARS = 4096;

/** OTLP numbers severities from 1 (trace) to 24 (fatal). */
const MAX_SEVERITY = 24;

/** What of a request is to be stored, and what of it is refused. */
export interface DecodedLogs {
  readonly batches: readonly LogsBatch[];
  readonly refusals: Refusals;
}

/**
 * Reads the body of a request to `/v1/logs`, as its JSON says it. Records that make no sense are
 * refused one by one; everything around them must be OTLP.
 *
 * @throws SelvedgeError `telemetry-invalid` when it is not OTLP, `telemetry-too-large` when it has
 * too many records.
 */
export function decodeLogs(body: unknown, nowMs: number): DecodedLogs {
  const refusals = new Refusals();
  const count = createItemLimit();
  const batches = batchesById((id) => ({ id, records: [] as LogRecord[] }));
  for (const { item, path, resource } of walkRequest(body, LOGS_LEVELS)) {
    count(1);
    const fields = objectAt<SentRecord>(item, path);
    const { records } = batches.of(resource.batchId);
    refusals.keep(() => {
      records.push(readRecord(fields, resource, nowMs));
    });
  }
  return { batches: batches.all, refusals };
}

type SentRecord = OtlpLogRecord & { readonly observedTimeUnixNano: unknown };

function readRecord(fields: Untrusted<SentRecord>, resource: Resource, nowMs: number): LogRecord {
  // OTLP lets a record say 0 for a time it does not know; when it was observed is known always.
  const { timeUnixNano = 0, observedTimeUnixNano, eventName } = fields;
  const isTimed = timeUnixNano !== 0 && timeUnixNano !== "0";
  const timeMs = toTimeMs(isTimed ? timeUnixNano : observedTimeUnixNano, nowMs);
  if (timeMs === undefined)
    throw new Refusal("its time is before 2020, more than a day ahead, or none");
  const body = decodeValue(fields.body);
  const text = body === undefined ? undefined : String(body);
  if (text !== undefined && text.length > MAX_BODY_CHARS)
    throw new Refusal(`its body is longer than ${MAX_BODY_CHARS} characters`);
  if (typeof eventName === "string" && eventName.length > MAX_EVENT_CHARS)
    throw new Refusal(`its event's name is longer than ${MAX_EVENT_CHARS} characters`);
  const { labels, taken, attributes } = decodeAttributes(fields.attributes, {
    ofResource: resource.labels,
    maxChars: MAX_ATTRIBUTE_CHARS,
    take: PREDICTION_KEYS,
  });
  return {
    timeMs,
    labels,
    attributes,
    resource: resource.attributes,
    severity: toCount(fields.severityNumber, MAX_SEVERITY),
    event: typeof eventName === "string" && eventName !== "" ? eventName : undefined,
    body: text,
    prediction: predictionOf(taken),
    trace: toHexId(fields.traceId, 32),
  };
}
