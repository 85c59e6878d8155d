import { build } from "./build.mjs";
import { ensureInstalled, run } from "./install.mjs";

ensureInstalled();
build();
const tests = [
  "packer/src/pack.fuzz.test.ts",
  "packer/src/pack-tfjs.fuzz.test.ts",
  "packer/src/golden/cases-file.fuzz.test.ts",
  "protocol/src/signed-documents.fuzz.test.ts",
].map((file) => `packages/${file}`);
run("npx", ["vitest", "run", "--project", "unit", ...tests], {
  env: { ...process.env, SELVEDGE_FUZZ: process.env["SELVEDGE_FUZZ"] ?? "10000" },
});
run("npx", ["playwright", "test", "-c", "e2e", "interrupted-pack"], {
  env: { ...process.env, SELVEDGE_INTERRUPTIONS: process.env["SELVEDGE_INTERRUPTIONS"] ?? "100" },
});
