import { METRICS } from "@selvedge/protocol";
import type { Labels, Seen } from "../store.ts";
import { readProgress } from "./progress.ts";
import type { ReadRows } from "./read-rows.ts";
import { COUNTERS, DISTRIBUTIONS, HISTOGRAMS, IRREGULARS, LABELS, PIECES } from "./schema.ts";

/** Rollups that are not dropped before raw rows are, in any usual retention, and have the fewest rows. */
const HOURS = { histograms: "histogram_hour", counters: "counter_hour" } as const;
const DAYS = ["distribution_day", "irregular_day"] as const;

/** Labels of rollups; what was absent when it came is `unknown` there. */
const ROLLED = LABELS.map((label) => `nullif("${label}", 'unknown') AS "${label}"`).join(", ");
const OF_FEATURE = LABELS.map((label) =>
  label === "model" || label === "version" ? `"${label}"` : `NULL AS "${label}"`,
).join(", ");
const NAMES = LABELS.map((label) => `"${label}"`).join(", ");

/**
 * Answers `Store.seen`: from the rollups of all spans that something was added to since then, and from raw
 * rows that are in none.
 */
export async function readSeen(
  read: ReadRows,
  { sinceMs, limit }: { readonly sinceMs: number; readonly limit: number },
): Promise<Seen> {
  const { rolled } = await readProgress(read);
  const touched = (rollup: string) =>
    `FROM ${rollup} WHERE time_ms IN (
       SELECT time_ms FROM ${PIECES.name} WHERE rollup = '${rollup}' AND touched_ms >= ${Math.floor(sinceMs)})`;
  const known = Object.values(METRICS).map((metric) => `'${metric}'`);
  // What is not Selvedge's own is never rolled up.
  const left = `sequence > ${rolled} OR metric NOT IN (${known.join(", ")})`;
  const attributes = `CASE WHEN metric = '${METRICS.feedback}' THEN attributes END AS attributes`;
  const series = await read(
    `SELECT ${NAMES}, attributes FROM (
       SELECT ${ROLLED}, NULL AS attributes, last_ms ${touched(HOURS.histograms)}
       UNION ALL SELECT ${ROLLED}, attributes, last_ms ${touched(HOURS.counters)}
       UNION ALL SELECT ${NAMES}, NULL, time_ms FROM ${HISTOGRAMS.name} WHERE ${left}
       UNION ALL SELECT ${NAMES}, ${attributes}, time_ms FROM ${COUNTERS.name} WHERE ${left}
       ${DAYS.map((day) => `UNION ALL SELECT ${OF_FEATURE}, NULL, last_ms ${touched(day)}`).join(" ")})
     GROUP BY ALL ORDER BY max(last_ms) DESC LIMIT ${limit}`,
    {},
  );
  const told = [
    ...DAYS.map((day) => `SELECT feature, last_ms ${touched(day)}`),
    ...[DISTRIBUTIONS, IRREGULARS].map(
      ({ name }) => `SELECT feature, time_ms FROM ${name} WHERE sequence > ${rolled}`,
    ),
  ];
  const features = await read(
    `SELECT feature FROM (${told.join(" UNION ALL ")})
     GROUP BY feature ORDER BY max(last_ms) DESC LIMIT ${limit}`,
    {},
  );
  return {
    series: series.map((row) => ({
      labels: Object.fromEntries(
        LABELS.flatMap((label) => {
          const value = row.optionalText(label);
          return value === undefined ? [] : [[label, value]];
        }),
      ) satisfies Labels,
      attributes: row.optionalText("attributes"),
    })),
    features: features.map((row) => row.text("feature")),
  };
}
