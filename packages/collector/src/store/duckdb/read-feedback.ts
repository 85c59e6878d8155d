import { FEEDBACK, METRICS } from "@selvedge/protocol";
import type { FeedbackSummary, Window } from "../store.ts";
import { groupBy } from "./group-by.ts";
import { readHistograms } from "./read-histograms.ts";
import type { ReadRows } from "./read-rows.ts";
import { findSources } from "./sources.ts";
import { mergeAll } from "./to-quantiles.ts";
import { labelColumns } from "./window.ts";

const LABELS = ["model", "version"] as const;

/** Answers `Store.feedback`. Counts that do not say whether they were correct are left out. */
export async function readFeedback(read: ReadRows, window: Window): Promise<FeedbackSummary> {
  const { histograms, counters } = await findSources(read, window);
  // A text that is half of a character is no JSON to DuckDB, and says nothing here.
  const attribute = (name: string) => `(TRY_CAST(attributes AS JSON) ->> '$."${name}"')`;
  const counts = await read(
    `SELECT ${labelColumns(LABELS)},
       ${attribute(FEEDBACK.correct)} = 'true' AS correct,
       ${attribute(FEEDBACK.predicted)} AS predicted,
       ${attribute(FEEDBACK.label)} AS label,
       TRY_CAST(${attribute(FEEDBACK.confidence)} AS TINYINT) AS tenth,
       sum(value)::DOUBLE AS count
     FROM ${counters.rows}
     WHERE metric = '${METRICS.feedback}' AND ${attribute(FEEDBACK.correct)} IN ('true', 'false')
     GROUP BY ALL HAVING count > 0 ORDER BY ALL`,
    counters.parameters,
  );
  const errors = await readHistograms(read, {
    metric: METRICS.feedbackError,
    labels: LABELS,
    source: histograms,
  });
  const versions = groupBy(errors, ({ row }) => JSON.stringify(LABELS.map((l) => row.text(l))));
  return {
    counts: counts.map((row) => {
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
    }),
    errors: [...versions.values()].flatMap((points) => {
      const [first] = points;
      if (first === undefined) return [];
      const histogram = mergeAll(points.map((point) => point.histogram));
      const { row } = first;
      return [{ model: row.text("model"), version: row.text("version"), histogram }];
    }),
  };
}
