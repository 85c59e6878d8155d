import { ensureInstalled, run } from "./install.mjs";

ensureInstalled();
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
