import { METRICS, type ModelsAnswer } from "@selvedge/protocol";
import type { Window } from "../store.ts";
import { groupBy } from "./group-by.ts";
import type { ReadRows } from "./read-rows.ts";
import { findSources } from "./sources.ts";
import { labelColumns } from "./window.ts";

/** Whoever sends makes up versions: of more than these, those that most was heard of are listed. */
const MAX_VERSIONS = 10_000;

/** Answers `Store.models`. */
export async function readModels(read: ReadRows, window: Window): Promise<ModelsAnswer> {
  const { histograms, counters } = await findSources(read, window);
  const labels = labelColumns(["model", "version"]);
  const rows = await read(
    `WITH seen AS (
       SELECT ${labels}, dtype, backend, first_ms, last_ms,
         CASE WHEN metric = '${METRICS.predictDuration}' THEN count ELSE 0 END AS predictions,
         0 AS failures
       FROM ${histograms.rows} WHERE metric IN ('${METRICS.predictDuration}', '${METRICS.loadDuration}')
       UNION ALL
       SELECT ${labels}, dtype, backend, first_ms, last_ms, 0, value
       FROM ${counters.rows} WHERE metric = '${METRICS.failures}')
     SELECT model, version,
       coalesce(list_sort(list(DISTINCT dtype) FILTER (dtype IS NOT NULL)), []) AS dtypes,
       coalesce(list_sort(list(DISTINCT backend) FILTER (backend IS NOT NULL)), []) AS backends,
       sum(predictions)::DOUBLE AS predictions, sum(failures)::DOUBLE AS failures,
       min(first_ms) AS first_seen, max(last_ms) AS last_seen
     FROM seen GROUP BY model, version
     QUALIFY row_number() OVER (ORDER BY sum(predictions) + sum(failures) DESC, model, version) <= ${MAX_VERSIONS}
     ORDER BY model, version`,
    { ...histograms.parameters, ...counters.parameters },
  );
  return {
    models: [...groupBy(rows, (row) => row.text("model"))].map(([name, versions]) => ({
      name,
      versions: versions.map((row) => ({
        version: row.text("version"),
        dtypes: row.texts("dtypes"),
        backends: row.texts("backends"),
        predictions: row.number("predictions"),
        failures: row.number("failures"),
        firstSeen: row.number("first_seen"),
        lastSeen: row.number("last_seen"),
      })),
    })),
  };
}
