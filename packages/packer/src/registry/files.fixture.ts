import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";

/** Every file below a folder with its content, to see whether anything changed. */
export async function contentsOf(folder: string): Promise<[path: string, hex: string][]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  const files = entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
  return Promise.all(
    files.map(async (file) => [file, await readFile(file, "hex")] satisfies [string, string]),
  );
}
