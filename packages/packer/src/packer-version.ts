import { readFile } from "node:fs/promises";

/** This package's own version, for a pack's provenance. */
export async function packerVersion(): Promise<string> {
  const text = await readFile(new URL("../package.json", import.meta.url), "utf8");
  const { version }: { version: string } = JSON.parse(text);
  return version;
}
