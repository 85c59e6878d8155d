import { BATCH_ID, type OtlpBatch, toOtlpAttributes } from "@selvedge/protocol";

/** A batch of one counter's point, and a resource that it can be told by. */
export function batch(id: string, text = ""): OtlpBatch & { signal: "metrics" } {
  const resource = { attributes: toOtlpAttributes({ [BATCH_ID]: id }) };
  const dataPoints = [{ timeUnixNano: "1", asInt: "1" }];
  const sum = { aggregationTemporality: 1, isMonotonic: true, dataPoints };
  const metrics = [{ name: `test${text}`, sum }];
  return {
    signal: "metrics",
    body: { resourceMetrics: [{ resource, scopeMetrics: [{ metrics }] }] },
  };
}

/** A batch of one log record. */
export function logs(id: string): OtlpBatch {
  const resource = { attributes: toOtlpAttributes({ [BATCH_ID]: id }) };
  const logRecords = [{ timeUnixNano: "1" }];
  return { signal: "logs", body: { resourceLogs: [{ resource, scopeLogs: [{ logRecords }] }] } };
}

/** A batch of one span. */
export function spans(id: string): OtlpBatch {
  const resource = { attributes: toOtlpAttributes({ [BATCH_ID]: id }) };
  const span = { traceId: "ab".repeat(16), spanId: "cd".repeat(8), name: "load" };
  const times = { startTimeUnixNano: "1", endTimeUnixNano: "2" };
  const scopeSpans = [{ spans: [{ ...span, ...times }] }];
  return { signal: "traces", body: { resourceSpans: [{ resource, scopeSpans }] } };
}

/** The ids of the batches that a request holds. */
export function idsIn(request: OtlpBatch): string[] {
  const ids = JSON.stringify(request.body).matchAll(
    /"key":"selvedge.batch.id","value":\{"stringValue":"([^"]+)"/g,
  );
  return [...ids].map(([, id = ""]) => id);
}

/** What a report of drops says, by reason. */
export function dropsIn(request: OtlpBatch): Record<string, number> {
  if (request.signal !== "metrics") return {};
  const points = request.body.resourceMetrics
    .flatMap(({ scopeMetrics }) => scopeMetrics.flatMap(({ metrics }) => metrics))
    .filter(({ name }) => name === "selvedge.telemetry.dropped")
    .flatMap(({ sum }) => sum?.dataPoints ?? []);
  return Object.fromEntries(
    points.map(({ attributes, asInt }) => [
      attributes?.[0]?.value.stringValue ?? "",
      Number(asInt),
    ]),
  );
}
