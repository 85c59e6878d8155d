import { build } from "./build.mjs";
import { ensureInstalled, run } from "./install.mjs";

ensureInstalled();
build();
run(
  "npx",
  [
    "vitest",
    "run",
    "--project",
    "unit",
    "packages/packer/src/pack.fuzz.test.ts",
    "packages/packer/src/cases-file.fuzz.test.ts",
  ],
  {
    env: { ...process.env, SELVEDGE_FUZZ: process.env["SELVEDGE_FUZZ"] ?? "10000" },
  },
);
run("npx", ["playwright", "test", "-c", "e2e", "interrupted-pack"], {
  env: { ...process.env, SELVEDGE_INTERRUPTIONS: process.env["SELVEDGE_INTERRUPTIONS"] ?? "100" },
});
