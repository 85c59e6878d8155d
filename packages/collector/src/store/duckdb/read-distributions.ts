import { IRREGULARITIES, type Irregularity } from "@selvedge/protocol";
import type { DistributionSummary, Window } from "../store.ts";
import type { ReadRows } from "./read-rows.ts";
import { findSources } from "./sources.ts";
import { labelColumns } from "./window.ts";

/**
 * Answers `Store.distributions`. A contributor's counts in the window are added up first; then each is
 * taken as a share of all that it told of the feature, so that one that sends millions of counts
 * weighs as much as one that sends three. Out-of-range values lie in a bin at the edge as well, so
 * that they add nothing to that sum; missing and unseen ones do.
 *
 * A contributor is believed to be a device: one that makes up a thousand ids weighs a thousand.
 */
export async function readDistributions(
  read: ReadRows,
  window: Window,
): Promise<DistributionSummary[]> {
  const { distributions, irregulars } = await findSources(read, window);
  const of = "model, version, feature";
  const labels = `${labelColumns(["model", "version"])}, feature, contributor`;
  const rows = await read(
    `WITH point AS MATERIALIZED (
       SELECT ${labels}, coalesce(epsilon, -1) AS epsilon, bounds, counts FROM ${distributions.rows}
       WHERE len(counts) = len(bounds) + 1),
     bounded AS (
       SELECT ${of}, bounds, row_number() OVER (
         PARTITION BY ${of} ORDER BY count(DISTINCT contributor) DESC, bounds) AS place
       FROM point GROUP BY ${of}, bounds),
     cell AS (
       SELECT ${of}, epsilon, contributor, bounds,
         unnest(counts) AS n, generate_subscripts(counts, 1) AS bin
       FROM point JOIN (FROM bounded WHERE place = 1) USING (${of}, bounds)),
     summed AS (
       SELECT ${of}, epsilon, contributor, bounds, bin, sum(n) AS n FROM cell GROUP BY ALL),
     irregular AS (
       SELECT ${labels}, ${IRREGULARITIES.map(
         (name) => `coalesce(sum(value) FILTER (irregularity = '${name}'), 0) AS "${name}"`,
       ).join(", ")}
       FROM ${irregulars.rows} GROUP BY ALL),
     usual AS (
       SELECT ${of}, arg_max(epsilon, (contributors, epsilon)) AS epsilon, any_value(bounds) AS bounds
       FROM (SELECT ${of}, epsilon, any_value(bounds) AS bounds, count(DISTINCT contributor) AS contributors
             FROM summed GROUP BY ALL) GROUP BY ALL),
     counted AS (
       SELECT ${of}, epsilon, contributor, any_value(bounds) AS bounds, sum(n) AS n
       FROM summed GROUP BY ALL
       UNION ALL
       SELECT ${of}, coalesce(usual.epsilon, -1), contributor, usual.bounds, 0
       FROM irregular LEFT JOIN usual USING (${of})
       WHERE NOT EXISTS (FROM point WHERE point.model = irregular.model
         AND point.version = irregular.version AND point.feature = irregular.feature
         AND point.contributor = irregular.contributor)),
     weighed AS (
       SELECT ${of}, epsilon, contributor, bounds,
         ${IRREGULARITIES.map((name) => `coalesce("${name}", 0) AS "${name}"`).join(", ")},
         greatest(n + coalesce(missing, 0) + coalesce(unseen, 0), coalesce("out-of-range", 0)) AS total
       FROM counted LEFT JOIN irregular USING (${of}, contributor)),
     bins AS (
       SELECT ${of}, epsilon, list(share ORDER BY bin) AS shares, list(holders ORDER BY bin) AS holders
       FROM (SELECT ${of}, epsilon, bin, sum(n / total)::DOUBLE AS share,
               count(*) FILTER (n > 0)::DOUBLE AS holders
             FROM summed JOIN weighed USING (${of}, epsilon, contributor)
             WHERE total > 0 GROUP BY ALL)
       GROUP BY ALL)
     SELECT ${of}, nullif(epsilon, -1) AS epsilon, any_value(bounds) AS bounds,
       count(*)::DOUBLE AS contributors, any_value(shares) AS shares, any_value(holders) AS holders,
       ${IRREGULARITIES.map(
         (name) =>
           `sum("${name}" / total)::DOUBLE AS "${name}", count(*) FILTER ("${name}" > 0)::DOUBLE AS "${name} holders"`,
       ).join(", ")}
     FROM weighed LEFT JOIN bins USING (${of}, epsilon)
     WHERE total > 0 GROUP BY ${of}, epsilon ORDER BY ${of}, epsilon NULLS FIRST`,
    { ...distributions.parameters, ...irregulars.parameters },
  );
  return rows.map((row) => ({
    model: row.text("model"),
    version: row.text("version"),
    feature: row.text("feature"),
    epsilon: row.optionalNumber("epsilon"),
    bounds: row.numbers("bounds"),
    contributors: row.number("contributors"),
    shares: row.numbers("shares"),
    holders: row.numbers("holders"),
    irregular: byIrregularity((name) => row.number(name)),
    irregularHolders: byIrregularity((name) => row.number(`${name} holders`)),
  }));
}

function byIrregularity(value: (name: Irregularity) => number): Record<Irregularity, number> {
  return {
    missing: value("missing"),
    "out-of-range": value("out-of-range"),
    unseen: value("unseen"),
  };
}
