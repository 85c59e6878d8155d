import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/**
 * Gives a test run a temporary folder of its own, and removes it with all that tests left in it: they
 * make thousands.
 */
export default function setup() {
  const folder = mkdtempSync(join(tmpdir(), "selvedge-tests-"));
  process.env.TMPDIR = folder;
  return () => rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
}
