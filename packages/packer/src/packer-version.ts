import { readFile } from "node:fs/promises";

/**
 * Counts up with every change after which the same model gives other bytes: registries that are built
 * from what is installed are built again then.
 */
const REVISION = 2;

/** This package's own version, for a pack's provenance; what is after the + is the revision of what it makes. */
export async function packerVersion(): Promise<string> {
  const text = await readFile(new URL("../package.json", import.meta.url), "utf8");
  const { version }: { version: string } = JSON.parse(text);
  return `${version}+${REVISION}`;
}
