import { randomInt } from "node:crypto";
import { existsSync } from "node:fs";
import { build } from "./build.mjs";
import { ensureInstalled, run } from "./install.mjs";

ensureInstalled();
build();
const { findBrowser } = await import("./find-browser.mjs");
const full = {
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
// As Debian's package has it.
const prometheus = "/usr/bin/prometheus";
const scraper = existsSync(prometheus) ? { SELVEDGE_PROMETHEUS: prometheus } : {};
const env = { SELVEDGE_CHROMIUM: await findBrowser(), ...full, ...scraper, ...process.env };
console.log(`Properties are tried from seed ${env.SELVEDGE_SEED}`);
run("npx", ["vitest", "run", "--project", "unit"], { env });
run("npx", ["vitest", "run", "--project", "browser", "mutations.fuzz"], { env });
run(
  "npx",
  [
    "playwright",
    "test",
    "-c",
    "e2e",
    "interrupted-pack",
    "delivery",
    "/faults-",
    "/soak",
    "/waking",
    "journey",
  ],
  {
    env,
  },
);
