import type { Window } from "../store.ts";
import { cutWindow, type Grain } from "./cut-window.ts";
import { readProgress } from "./progress.ts";
import type { Parameters, ReadRows } from "./read-rows.ts";
import { COUNTERS, DISTRIBUTIONS, HISTOGRAMS, IRREGULARS, ROLLUPS, type Table } from "./schema.ts";

/** Rows that a question is about: a subquery, and the parameters that it needs. */
export interface Source {
  readonly rows: string;
  readonly parameters: Parameters;
}

/** What a question may be asked of; rows have the columns of rollups. */
export interface Sources {
  readonly histograms: Source;
  readonly counters: Source;
  readonly distributions: Source;
  readonly irregulars: Source;
}

/**
 * Finds the rows that answer for a window: rollups for whole hours, minutes or days, raw rows for its
 * edges, and raw rows that are in no rollup yet wherever they lie. So nothing is left out or counted
 * twice, whatever has been rolled up; `read` has to see the store as it was at one moment.
 */
export async function findSources(
  read: ReadRows,
  window: Window & { readonly stepMs?: number },
): Promise<Sources> {
  const { rolled, floors } = await readProgress(read);
  const { model } = window;
  const ofModel = model === undefined ? "" : " AND coalesce(model, 'unknown') = $model";
  const sourceOf = (table: Table): Source => {
    const rollups = ROLLUPS.filter((rollup) => rollup.of === table);
    const grains: Grain[] = [
      ...rollups.map(({ name, grainMs }) => ({ ms: grainMs, floorMs: floors.of(name) })),
      { ms: 0, floorMs: floors.of(table.name) },
    ];
    const columns = Object.keys(rollups[0]?.columns ?? {}).map((column) => `"${column}"`);
    const raw = columns.map((column) => RAW[column] ?? column).join(", ");
    const select = (from: string, where: string, what = columns.join(", ")) =>
      `SELECT ${what} FROM ${from} WHERE ${where}${ofModel}`;
    const parts = cutWindow(window, grains).flatMap((cut) => {
      const rollup = rollups.find(({ grainMs }) => grainMs === cut.grainMs);
      if (rollup === undefined) return [select(table.name, isWithin(cut), raw)];
      const late = `${isWithin(cut)} AND sequence > ${rolled}`;
      const rolledUp = halve(cut).map((half) => select(rollup.name, isWithin(half)));
      return [...rolledUp, select(table.name, late, raw)];
    });
    // A window may be empty; its rows still have columns.
    const all = parts.length === 0 ? [select(table.name, "false", raw)] : parts;
    return {
      rows: `(${all.join(" UNION ALL ")})`,
      parameters: model === undefined ? {} : { model },
    };
  };
  return {
    histograms: sourceOf(HISTOGRAMS),
    counters: sourceOf(COUNTERS),
    distributions: sourceOf(DISTRIBUTIONS),
    irregulars: sourceOf(IRREGULARS),
  };
}

/** SQL for whether a row is of a span. */
function isWithin({ from, to }: Window): string {
  return `time_ms >= ${from} AND time_ms < ${to}`;
}

/**
 * Two halves of a span, which DuckDB reads side by side: it divides a table among threads by 122,880 rows,
 * and two days of rollups are fewer.
 */
function halve({ from, to }: Window): Window[] {
  const middle = Math.ceil((from + to) / 2);
  return [
    { from, to: middle },
    { from: middle, to },
  ];
}

/** What raw rows have in place of columns that only sums have. */
const RAW: { readonly [column: string]: string } = {
  '"first_ms"': "time_ms AS first_ms",
  '"last_ms"': "time_ms AS last_ms",
};
