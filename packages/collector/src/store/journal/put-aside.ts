import { appendFile } from "node:fs/promises";
import { join } from "node:path";

/** Keeps what is not stored for someone to look at, in a file that is not read again. */
export async function putAside(
  folder: string,
  lines: readonly string[],
  reason: unknown,
): Promise<void> {
  const path = join(folder, "refused.jsonl");
  await appendFile(path, lines.map((line) => `${line}\n`).join(""));
  console.error(`selvedge: ${lines.length} batch(es) were put aside in ${path}:`, reason);
}
