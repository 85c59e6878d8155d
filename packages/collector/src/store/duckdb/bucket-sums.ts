/** The sides of a histogram. */
const SIDES = ["positive", "negative"] as const;

/**
 * SQL that adds the buckets of histograms up: the tables `positive` and `negative`, with a list of pairs for
 * each key. The sides are added one by one, for nearly all that is measured has no negative one, and a group
 * that is told apart by a text more takes half as long again.
 *
 * @param keys columns of `point` that sums are told apart by, among which is `coarse`, the scale to add at,
 *   or a hash of them
 * @param type what counts are added as
 */
export function bucketSums(keys: string, type: "DOUBLE" | "UBIGINT"): string {
  return SIDES.map(
    (side) => `${side} AS (
      SELECT ${keys}, list({bucket: bucket, n: n}) AS pairs
      FROM (
        SELECT ${keys}, bucket, sum(n::${type})::${type} AS n
        FROM (
          SELECT ${keys}, unnest(${side}_counts) AS n,
            unnest(${side}_buckets) >> (scale - coarse) AS bucket
          FROM point WHERE len(${side}_counts) > 0)
        WHERE n > 0 GROUP BY ${keys}, bucket)
      GROUP BY ${keys})`,
  ).join(", ");
}

/** SQL for the lists of both sides. They are gathered as pairs: two lists might come in two orders. */
export const BUCKET_LISTS: string = SIDES.map(
  (side) => `coalesce([c.bucket FOR c IN ${side}.pairs], []) AS ${side}_buckets,
    coalesce([c.n FOR c IN ${side}.pairs], []) AS ${side}_counts`,
).join(", ");

/** SQL that joins both sides to `total`, by the same keys. */
export function joinSides(keys: string): string {
  return SIDES.map((side) => `LEFT JOIN ${side} USING (${keys})`).join(" ");
}
