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
  // Every test starts a browser and an engine or more, and waits for much of its time: two at once take
  // three quarters of the time on two cores, more would make each other late.
  workers: 2,
  retries: 0,
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
