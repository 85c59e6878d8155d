import { existsSync } from "node:fs";
import { build } from "./build.mjs";
import { ensureInstalled, run } from "./install.mjs";

ensureInstalled();
build();
const tests = [
  "packer/src/pack.fuzz.test.ts",
  "packer/src/pack-tfjs.fuzz.test.ts",
  "packer/src/golden/cases-file.fuzz.test.ts",
  "packer/src/images/mutations.fuzz.test.ts",
  "packer/src/reference/simulated-fleet.test.ts",
  "protocol/src/image/parse-image-head.test.ts",
  "protocol/src/signed-documents.fuzz.test.ts",
  "collector/src/prometheus/scrape.test.ts",
  "collector/src/store/open-store.test.ts",
  "collector/src/ingest/protobuf/read-message.test.ts",
].map((file) => `packages/${file}`);
const { findBrowser } = await import("./find-browser.mjs");
const full = {
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
run("npx", ["vitest", "run", "--project", "unit", ...tests], { env });
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
