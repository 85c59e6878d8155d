import { stat } from "node:fs/promises";
import type { ReadRows } from "./read-rows.ts";

/** Answers `Store.size`, of the store in this file. */
export async function readSize(
  read: ReadRows,
  path: string,
): Promise<{ readonly bytes: number; readonly rows: Readonly<Record<string, number>> }> {
  const tables = await read(
    "SELECT table_name FROM duckdb_tables() WHERE database_name = current_database() ORDER BY ALL",
    {},
  );
  const names = tables.map((row) => row.text("table_name"));
  const counts = await read(
    names
      .map((name) => `SELECT '${name}' AS name, count(*) AS count FROM main."${name}"`)
      .join(" UNION ALL "),
    {},
  );
  const sizes = await Promise.all([path, `${path}.wal`].map(sizeOf));
  return {
    bytes: sizes.reduce((sum, bytes) => sum + bytes, 0),
    rows: Object.fromEntries(counts.map((row) => [row.text("name"), row.number("count")])),
  };
}

async function sizeOf(path: string): Promise<number> {
  return stat(path).then(
    ({ size }) => size,
    () => 0,
  );
}
