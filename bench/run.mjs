/** Runs a suite and prints what it measured as JSON: `npm run bench -- SUITE [--json FILE]`. */
import { writeFile } from "node:fs/promises";
import { cpus, totalmem } from "node:os";
import { parseArgs } from "node:util";
import { measureConformance } from "./conformance.mjs";
import { measurePacks } from "./pack.mjs";

const SUITES = { conformance: measureConformance, pack: measurePacks };

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { json: { type: "string" } },
});
const [suite, ...rest] = positionals;
const measure = Object.hasOwn(SUITES, suite ?? "") ? SUITES[suite] : undefined;
if (measure === undefined || rest.length > 0) {
  console.error(`usage: npm run bench -- ${Object.keys(SUITES).join("|")} [--json FILE]`);
  process.exit(2);
}
const machine = {
  cpu: cpus()[0]?.model ?? "unknown",
  cores: cpus().length,
  memoryBytes: totalmem(),
  node: process.version,
};
const report = `${JSON.stringify({ suite, machine, ...(await measure()) }, null, 2)}\n`;
if (values.json === undefined) process.stdout.write(report);
else await writeFile(values.json, report);
