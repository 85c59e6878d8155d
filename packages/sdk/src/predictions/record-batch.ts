import {
  ATTRIBUTES,
  BATCH_ID,
  commitToTensors,
  type OtlpBatch,
  type OtlpLogRecord,
  PREDICTION,
  PREDICTION_EVENT,
  type PredictionRecord,
  toHex,
  toOtlpAttributes,
  toUnixNano,
} from "@selvedge/protocol";
import { SDK_VERSION } from "../version.ts";

/** An ordinary event: https://opentelemetry.io/docs/specs/otel/logs/data-model/#field-severitynumber */
const INFO = 9;

/** Writes records as one OTLP batch of logs: of tensors it holds commitments, of features bins. */
export async function recordBatch(
  records: readonly PredictionRecord[],
  service: string,
): Promise<OtlpBatch> {
  const resource = {
    "service.name": service,
    "telemetry.sdk.name": "selvedge",
    "telemetry.sdk.language": "webjs",
    "telemetry.sdk.version": SDK_VERSION,
    [BATCH_ID]: toHex(crypto.getRandomValues(new Uint8Array(16))),
  };
  const logRecords = await Promise.all(records.map(logRecord));
  return {
    signal: "logs",
    body: {
      resourceLogs: [
        {
          resource: { attributes: toOtlpAttributes(resource) },
          scopeLogs: [{ scope: { name: "selvedge", version: SDK_VERSION }, logRecords }],
        },
      ],
    },
  };
}

async function logRecord(record: PredictionRecord): Promise<OtlpLogRecord> {
  const { salt, timings, cohort, traceId } = record;
  const attributes = {
    [PREDICTION.id]: record.id,
    [ATTRIBUTES.model]: record.model,
    [ATTRIBUTES.version]: record.version,
    [ATTRIBUTES.dtype]: record.dtype,
    [ATTRIBUTES.backend]: record.backend,
    [PREDICTION.digest]: record.digest,
    [PREDICTION.runtime]: `${record.runtime} ${record.build}`,
    [PREDICTION.adapter]: record.adapter,
    ...(cohort === undefined ? {} : { [PREDICTION.cohort]: cohort }),
    [PREDICTION.inputs]: await commitToTensors(salt, record.inputs),
    [PREDICTION.outputs]: await commitToTensors(salt, record.outputs),
    [PREDICTION.queueMs]: timings.queueMs,
    [PREDICTION.runMs]: timings.runMs,
    [PREDICTION.totalMs]: timings.totalMs,
  };
  return {
    timeUnixNano: toUnixNano(record.at),
    eventName: PREDICTION_EVENT,
    severityNumber: INFO,
    ...(traceId === undefined ? {} : { traceId }),
    attributes: toOtlpAttributes(attributes),
  };
}
