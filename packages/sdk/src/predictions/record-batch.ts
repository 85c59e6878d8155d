import {
  ATTRIBUTES,
  commitToTensors,
  type OtlpBatch,
  type OtlpLogRecord,
  PREDICTION,
  PREDICTION_EVENT,
  type PredictionRecord,
  toOtlpAttributes,
  toUnixNano,
} from "@selvedge/protocol";
import { toLogs } from "../telemetry/otlp-batch.ts";

/** An ordinary event: https://opentelemetry.io/docs/specs/otel/logs/data-model/#field-severitynumber */
const INFO = 9;

/** Writes records as one OTLP batch of logs: of tensors it holds commitments, and of features nothing. */
export async function recordBatch(
  records: readonly PredictionRecord[],
  service: string,
): Promise<OtlpBatch> {
  return toLogs(service, await Promise.all(records.map(logRecord)));
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
