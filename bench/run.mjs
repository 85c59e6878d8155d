/**
 * Runs a suite and prints what it measured as JSON:
 * `npm run bench -- SUITE [--json FILE] [--rounds N] [--part NAME] [--events N,…] [--rate N]`.
 */
import { writeFile } from "node:fs/promises";
import { cpus, totalmem } from "node:os";
import { parseArgs } from "node:util";
import { build } from "../scripts/build.mjs";
import { ensureInstalled } from "../scripts/install.mjs";

/** Each is imported when it is asked for, and by then everything it imports has been built. */
const SUITES = {
  collector: async () => (await import("./collector.mjs")).measureCollector,
  conformance: async () => (await import("./conformance.mjs")).measureConformance,
  delivery: async () => (await import("./delivery.mjs")).measureDelivery,
  drift: async () => (await import("./drift.mjs")).measureDrift,
  pack: async () => (await import("./pack.mjs")).measurePacks,
  recorder: async () => (await import("./recorder.mjs")).measureRecorder,
  start: async () => (await import("./start.mjs")).measureStart,
};

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    json: { type: "string" },
    rounds: { type: "string" },
    part: { type: "string" },
    events: { type: "string" },
    rate: { type: "string" },
  },
});
const [suite, ...rest] = positionals;
const rounds = values.rounds === undefined ? undefined : Number(values.rounds);
const isKnown = Object.hasOwn(SUITES, suite ?? "");
if (!isKnown || rest.length > 0 || (rounds !== undefined && !(rounds >= 1))) {
  const suites = Object.keys(SUITES).join("|");
  console.error(`usage: npm run bench -- ${suites} [--json FILE] [--rounds N] [--part NAME]`);
  process.exit(2);
}
ensureInstalled();
build();
const measure = await SUITES[suite]();
const machine = {
  cpu: cpus()[0]?.model ?? "unknown",
  cores: cpus().length,
  memoryBytes: totalmem(),
  node: process.version,
};
const { part, events, rate } = values;
const measured = await measure({ rounds, part, events, rate });
const report = `${JSON.stringify({ suite, machine, ...measured }, null, 2)}\n`;
if (values.json === undefined) process.stdout.write(report);
else await writeFile(values.json, report);
