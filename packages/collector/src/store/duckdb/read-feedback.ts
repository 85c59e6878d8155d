import { FEEDBACK, METRICS } from "@selvedge/protocol";
import type { DailyFeedback, FeedbackSummary, Window } from "../store.ts";
import { groupBy } from "./group-by.ts";
import { type LabelledHistogram, readHistograms } from "./read-histograms.ts";
import type { AnswerRow, ReadRows } from "./read-rows.ts";
import { readWithin } from "./read-within.ts";
import { findSources } from "./sources.ts";
import { mergeAll } from "./to-quantiles.ts";
import { labelColumns } from "./window.ts";

const LABELS = ["model", "version"] as const;

/** Rollups are of an hour at most, which lies in one day of UTC. */
const DAY_MS = 24 * 60 * 60 * 1000;
const DAY = `time_ms // ${DAY_MS}`;

// A text that is half of a character is no JSON to DuckDB, and says nothing here.
const said = (name: string) => `(TRY_CAST(attributes AS JSON) ->> '$."${name}"')`;
const IS_JUDGED = `metric = '${METRICS.feedback}' AND ${said(FEEDBACK.correct)} IN ('true', 'false')`;
const IS_CORRECT = `${said(FEEDBACK.correct)} = 'true' AS correct`;

/** Answers `Store.feedback`. Counts that do not say whether they were correct are left out. */
export async function readFeedback(read: ReadRows, window: Window): Promise<FeedbackSummary> {
  const { histograms, counters } = await findSources(read, window);
  const counts = await readWithin(read, counters, {
    ...{ labels: LABELS, weight: "value", where: IS_JUDGED, steps: 2 },
    sql: (rows) =>
      `SELECT ${labelColumns(LABELS)}, ${IS_CORRECT}, NULL AS predicted, NULL AS label, NULL AS tenth,
         sum(value)::DOUBLE AS count
       FROM ${rows} WHERE ${IS_JUDGED} GROUP BY ALL HAVING count > 0 ORDER BY ALL`,
  });
  const errors = await readHistograms(read, {
    ...{ metrics: [METRICS.feedbackError], labels: LABELS },
    source: histograms,
  });
  return { counts: counts.map(toCount), errors: toErrors(errors) };
}

/** Answers `Store.dailyFeedback`: of as many days as are asked for, so that few are to be asked for at a time. */
export async function readDailyFeedback(read: ReadRows, window: Window): Promise<DailyFeedback[]> {
  const { histograms, counters } = await findSources(read, window);
  const counts = await read(
    `SELECT ${labelColumns(LABELS)}, ${DAY} AS step, ${IS_CORRECT},
       ${said(FEEDBACK.predicted)} AS predicted, ${said(FEEDBACK.label)} AS label,
       TRY_CAST(${said(FEEDBACK.confidence)} AS TINYINT) AS tenth, sum(value)::DOUBLE AS count
     FROM ${counters.rows} WHERE ${IS_JUDGED} GROUP BY ALL HAVING count > 0 ORDER BY ALL`,
    counters.parameters,
  );
  const errors = await readHistograms(read, {
    ...{ metrics: [METRICS.feedbackError], labels: LABELS, step: DAY },
    steps: Math.ceil((window.to - window.from) / DAY_MS),
    source: histograms,
  });
  const countsOf = groupBy(counts, (row) => String(row.number("step")));
  const errorsOf = groupBy(errors, ({ step }) => String(step));
  const days = new Set([...countsOf.keys(), ...errorsOf.keys()]);
  return [...days]
    .map((day) => ({
      day: Number(day) * DAY_MS,
      counts: (countsOf.get(day) ?? []).map(toCount),
      errors: toErrors(errorsOf.get(day) ?? []),
    }))
    .toSorted((a, b) => a.day - b.day);
}

function toCount(row: AnswerRow): FeedbackSummary["counts"][number] {
  const tenth = row.optionalNumber("tenth");
  return {
    model: row.text("model"),
    version: row.text("version"),
    correct: row.boolean("correct"),
    predicted: row.optionalText("predicted"),
    label: row.optionalText("label"),
    confidenceTenth: tenth !== undefined && tenth >= 0 && tenth <= 9 ? tenth : undefined,
    count: row.number("count"),
  };
}

function toErrors(errors: readonly LabelledHistogram[]): FeedbackSummary["errors"] {
  const versions = groupBy(errors, ({ row }) => JSON.stringify(LABELS.map((l) => row.text(l))));
  return [...versions.values()].flatMap((points) => {
    const [first] = points;
    if (first === undefined) return [];
    const histogram = mergeAll(points.map((point) => point.histogram));
    const { row } = first;
    return [{ model: row.text("model"), version: row.text("version"), histogram }];
  });
}
