import { build } from "./build.mjs";
import { ensureInstalled, run } from "./install.mjs";

ensureInstalled();
build();
const tests = ["pack.fuzz.test.ts", "pack-tfjs.fuzz.test.ts", "golden/cases-file.fuzz.test.ts"].map(
  (file) => `packages/packer/src/${file}`,
);
run("npx", ["vitest", "run", "--project", "unit", ...tests], {
  env: { ...process.env, SELVEDGE_FUZZ: process.env["SELVEDGE_FUZZ"] ?? "10000" },
});
run("npx", ["playwright", "test", "-c", "e2e", "interrupted-pack"], {
  env: { ...process.env, SELVEDGE_INTERRUPTIONS: process.env["SELVEDGE_INTERRUPTIONS"] ?? "100" },
});
