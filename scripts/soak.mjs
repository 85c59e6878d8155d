import { spawnSync } from "node:child_process";
import { randomInt } from "node:crypto";
import { existsSync } from "node:fs";
import { build } from "./build.mjs";
import { ensureInstalled, root } from "./install.mjs";

/** The long checks, by the names that `npm run soak -- NAME…` takes; all of them where it names none. */
const PARTS = {
  units: ["vitest", "run", "--project", "unit"],
  mutations: ["vitest", "run", "--project", "browser", "mutations.fuzz"],
  journey: endToEnd("telemetry-journey"),
  packing: endToEnd("interrupted-pack"),
  delivery: endToEnd("delivery"),
  faults: endToEnd("faults-"),
  memory: endToEnd("soak"),
  waking: endToEnd("waking"),
};

const FULL_COUNTS = {
  // Properties are tried on cases that no run before had; one that fails says its seed.
  SELVEDGE_SEED: String(randomInt(2 ** 31 - 1)),
  SELVEDGE_FUZZ: "10000",
  SELVEDGE_FLEETS: "2000",
  SELVEDGE_INTERRUPTIONS: "100",
  SELVEDGE_CUTS: "100",
  SELVEDGE_KILLS: "16",
  SELVEDGE_COLLECTOR_KILLS: "50",
  SELVEDGE_ROUNDS: "200",
  SELVEDGE_FAULTS: "all",
  SELVEDGE_WAKES: "1000",
  SELVEDGE_VARIED: "5000",
  SELVEDGE_EVENTS: "10000",
};

/** As Debian's package has it. */
const PROMETHEUS = "/usr/bin/prometheus";

const asked = process.argv.slice(2);
const unknown = asked.filter((name) => !Object.hasOwn(PARTS, name));
if (unknown.length > 0) {
  console.error(`There is no ${unknown.join(", ")} to soak: ${Object.keys(PARTS).join(", ")}`);
  process.exit(2);
}

ensureInstalled();
build();
const { findBrowser } = await import("./find-browser.mjs");
const scraper = existsSync(PROMETHEUS) ? { SELVEDGE_PROMETHEUS: PROMETHEUS } : {};
const browser = { SELVEDGE_CHROMIUM: await findBrowser() };
const env = { ...browser, ...FULL_COUNTS, ...scraper, ...process.env };
console.log(`Properties are tried from seed ${env.SELVEDGE_SEED}`);

// A part that fails keeps none of the others from being tried: together they take hours.
const results = (asked.length > 0 ? asked : Object.keys(PARTS)).map(soak);
console.log();
for (const { name, passed, minutes } of results)
  console.log(`${passed ? "passed" : "FAILED"}  ${name} (${minutes.toFixed(1)} min)`);
process.exit(results.every(({ passed }) => passed) ? 0 : 1);

function soak(name) {
  const from = performance.now();
  console.log(`\nSoaking ${name}`);
  const options = { cwd: root, env, stdio: "inherit", shell: process.platform === "win32" };
  const { status } = spawnSync("npx", PARTS[name], options);
  return { name, passed: status === 0, minutes: (performance.now() - from) / 60_000 };
}

/** The tests of files whose names begin so. */
function endToEnd(name) {
  return ["playwright", "test", "-c", "e2e", `e2e/${name}`];
}
