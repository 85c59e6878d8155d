import type { ReadRows } from "./read-rows.ts";

/** How far rolling up and dropping have come. */
export interface Progress {
  /** Rows up to this sequence are in rollups; those after it are not. */
  readonly rolled: number;
  readonly floors: {
    /** What was measured before has been dropped from that table. */
    of(table: string): number;
  };
}

/** Reads how far rolling up and dropping have come. */
export async function readProgress(read: ReadRows): Promise<Progress> {
  const rows = await read("SELECT key, value::BIGINT AS value FROM meta WHERE key <> 'schema'", {});
  const values = new Map(rows.map((row) => [row.text("key"), row.number("value")]));
  return {
    rolled: values.get("rolled") ?? -1,
    floors: { of: (table) => values.get(floorKey(table)) ?? 0 },
  };
}

/** Where the floor of a table stands in `meta`. */
export function floorKey(table: string): string {
  return `floor:${table}`;
}

/** SQL that sets numbers of `meta`, which only ever rise. */
export function raise(values: ReadonlyMap<string, number>): string {
  const rows = [...values].map(([key, value]) => `('${key}', '${value}')`);
  return `INSERT INTO meta VALUES ${rows.join(", ")}
    ON CONFLICT (key) DO UPDATE SET value = greatest(value::BIGINT, excluded.value::BIGINT)::VARCHAR`;
}
