import { foldSeries, mostSeries } from "./fold-series.ts";
import type { AnswerRow, ReadRows } from "./read-rows.ts";
import type { Source } from "./sources.ts";

/** A query over a source, and what it tells series apart by. */
interface BoundedQuery {
  readonly labels: readonly string[];
  /** SQL for what is counted. */
  readonly weight: string;
  /** SQL for which rows are asked about. */
  readonly where: string;
  /** How many steps a series has. @default 1 */
  readonly steps?: number;
  /** A row for each series, or each step of one, out of these rows. */
  readonly sql: (rows: string) => string;
}

/** Asks about all series of a source, or where there are too many for one answer, about the most frequent and `other`. */
export async function readWithin(
  read: ReadRows,
  source: Source,
  { labels, weight, where, steps = 1, sql }: BoundedQuery,
): Promise<AnswerRow[]> {
  const most = mostSeries(steps);
  const ask = (rows: string) =>
    read(`SELECT * FROM (${sql(rows)}) LIMIT ${most * steps + 1}`, source.parameters);
  const found = await ask(source.rows);
  const series = new Set(found.map((row) => JSON.stringify(labels.map((l) => row.text(l)))));
  if (found.length <= most * steps && series.size <= most) return found;
  const folded = foldSeries(source, { labels, weight, where, most });
  return read(sql(folded.rows), folded.parameters);
}
