/**
 * Fills a collector with a simulated fleet and leaves it running, for whoever wants to see the dashboard
 * with something on it: `node bench/fleet/show.mjs [PORT]`. Needs a build.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseConfig } from "../../packages/collector/dist/index.js";
import { fillCollector } from "./fill-collector.mjs";

const RULES = [
  {
    ...{ name: "calls fail", kind: "threshold", metric: "failure-rate", above: 0.05 },
    ...{ window: "7d", severity: "critical" },
  },
  {
    ...{ name: "slower than before", kind: "change", metric: "latency-p95" },
    ...{ against: "previous-version", above: 0.05, window: "7d" },
  },
  { name: "inputs drift", kind: "drift", model: "penguins", severity: "warning" },
];

const [port = "4180"] = process.argv.slice(2);
const folder = await mkdtemp(join(tmpdir(), "selvedge-fleet-"));
console.log("Two weeks of 1,600 devices a day report. That takes a minute or two.");
const { collector, prediction } = await fillCollector({
  folder,
  port: Number(port),
  mounts: { "/": fileURLToPath(new URL("../../packages/dashboard/dist", import.meta.url)) },
  config: parseConfig(JSON.stringify({ alerts: { every: "10s", rules: RULES } }), "the rules"),
});
console.log(
  `${collector.url}/?range=7d has it: the fleet's last day ended at midnight, UTC. Ctrl-C ends it.`,
  `\nOne prediction of many: ${collector.url}/?view=prediction&id=${prediction}`,
);
process.once("SIGINT", async () => {
  await collector.close();
  await rm(folder, { recursive: true, force: true });
});
