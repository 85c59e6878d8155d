import { defineConfig } from "@playwright/test";
import type { Programs } from "./browser.ts";

/** The browsers that `scripts/soak-browsers.mjs` found. */
const found: Programs[] = JSON.parse(process.env["SELVEDGE_BROWSERS"] ?? "[]");

export default defineConfig<object, { programs: Programs }>({
  testDir: ".",
  testMatch: "*.journey.ts",
  outputDir: "../../test-results/browsers",
  globalSetup: "../global-setup.ts",
  forbidOnly: true,
  workers: 1,
  timeout: 180_000,
  reporter: "list",
  projects: found.map((programs) => ({ name: programs.name, use: { programs } })),
});
