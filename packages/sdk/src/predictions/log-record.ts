import {
  ATTRIBUTES,
  commitToTensors,
  type OtlpLogRecord,
  PREDICTION,
  PREDICTION_EVENT,
  type PredictionRecord,
  toOtlpAttributes,
  toUnixNano,
} from "@selvedge/protocol";

/** An ordinary event: https://opentelemetry.io/docs/specs/otel/logs/data-model/#field-severitynumber */
const INFO = 9;

/** What is told of a record: of tensors commitments, and of features nothing. */
export async function logRecord(record: PredictionRecord): Promise<OtlpLogRecord> {
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
