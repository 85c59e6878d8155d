import { ATTRIBUTES, type PredictionAnswer } from "@selvedge/protocol";
import type { AnswerRow, ReadRows } from "./read-rows.ts";
import { LABELS } from "./schema.ts";

/** More than a prediction has; a trace may be as long as whoever sends it likes. */
const MAX_STEPS = 1000;

/** Answers `Store.prediction`: what tells of it, and the spans of the traces that it was part of. */
export async function readPrediction(
  read: ReadRows,
  id: string,
): Promise<PredictionAnswer | undefined> {
  const common = `time_ms, ${LABELS.map((label) => `"${label}"`).join(", ")}, attributes`;
  const rows = await read(
    `WITH told AS (
       SELECT ${common}, trace, 'record' AS kind, coalesce(event, 'record') AS name,
         NULL::DOUBLE AS duration_ms, false AS is_error, 0 AS time_us
       FROM log_record WHERE prediction = $id),
     traces AS (
       SELECT trace FROM told WHERE trace IS NOT NULL
       UNION SELECT trace FROM span WHERE prediction = $id)
     SELECT * FROM told UNION ALL
     SELECT ${common}, trace, 'span', name, duration_ms, is_error, time_us
     FROM span WHERE prediction = $id OR (prediction IS NULL AND trace IN (FROM traces))
     ORDER BY time_ms, time_us, kind DESC, duration_ms DESC, name LIMIT ${MAX_STEPS}`,
    { id },
  );
  if (rows.length === 0) return undefined;
  return {
    id,
    steps: rows.map((row) => ({
      at: row.number("time_ms") + row.number("time_us") / 1000,
      kind: row.text("kind") === "span" ? "span" : "record",
      name: row.text("name"),
      durationMs: row.optionalNumber("duration_ms") ?? null,
      attributes: attributesOf(row),
    })),
  };
}

type Attributes = PredictionAnswer["steps"][number]["attributes"];

/** What OTLP's status is called where it is written as an attribute. */
const STATUS = "otel.status_code";

function attributesOf(row: AnswerRow): Attributes {
  const labels = LABELS.flatMap((label) => {
    const value = row.optionalText(label);
    return value === undefined ? [] : [[ATTRIBUTES[label], value] as const];
  });
  const others: Attributes = JSON.parse(row.optionalText("attributes") ?? "{}");
  const status = row.boolean("is_error") ? { [STATUS]: "ERROR" } : {};
  return { ...Object.fromEntries(labels), ...others, ...status };
}
