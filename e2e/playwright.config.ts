import { defineConfig } from "@playwright/test";
import { CHROMIUM_ARGS } from "./chromium-args.ts";

const executablePath = process.env["SELVEDGE_CHROMIUM"];

export default defineConfig({
  testDir: ".",
  testMatch: "*.spec.ts",
  outputDir: "../test-results",
  globalSetup: "./global-setup.ts",
  fullyParallel: false,
  forbidOnly: true,
  // Every test starts a browser and an engine or more. Two at once take three quarters of the time on two
  // cores, and make each other late: the demo's test of the main thread does not bear that.
  workers: 1,
  // Real browsers, clocks and servers: a test that fails is run once more, and `npm test` says so.
  retries: 1,
  timeout: 120_000,
  reporter: "list",
  use: {
    launchOptions: {
      args: [...CHROMIUM_ARGS],
      ...(executablePath === undefined ? {} : { executablePath }),
    },
    trace: "off",
  },
});
