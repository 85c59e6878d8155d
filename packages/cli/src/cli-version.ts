import { readFile } from "node:fs/promises";

/** Which version of the tool this is. */
export async function cliVersion(): Promise<string> {
  const text = await readFile(new URL("../package.json", import.meta.url), "utf8");
  const { version }: { version: string } = JSON.parse(text);
  return version;
}
