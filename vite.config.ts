import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import { playwright } from "@vitest/browser-playwright";
import { defineConfig } from "vitest/config";
import { CHROMIUM_ARGS } from "./e2e/chromium-args.ts";
import { hostRuntime } from "./e2e/host-runtime.ts";

const source = (room: string) =>
  fileURLToPath(new URL(`packages/${room}/src/index.ts`, import.meta.url));

const executablePath = process.env["SELVEDGE_CHROMIUM"];

// Tests read the source of other rooms, so that none has to be built first.
const resolve = {
  alias: {
    "@selvedge/protocol": source("protocol"),
    "@selvedge/packer": source("packer"),
    "@selvedge/collector": source("collector"),
    "selvedge/runtime-files": fileURLToPath(
      new URL("packages/sdk/src/engine/runtime-files.ts", import.meta.url),
    ),
  },
};

// A test that hangs has to end; one on a busy machine, where it may take five times as long, has to be let finish.
const testTimeout = 120_000;
const hookTimeout = testTimeout;
const expectations = { poll: { timeout: 30_000 } };

// Tests in a browser see no environment variables: how many mutations fuzz tests make in all.
const fuzzCases = Number(process.env["SELVEDGE_FUZZ"] ?? 300);

const exclude = ["**/node_modules/**", "**/dist/**"];

export default defineConfig({
  test: {
    // Much of the time a test waits for a thread of its own: two at once are faster on two cores.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    projects: [
      {
        resolve,
        test: {
          name: "unit",
          testTimeout,
          hookTimeout,
          expect: expectations,
          globalSetup: fileURLToPath(new URL("scripts/own-temporary-folder.mjs", import.meta.url)),
          setupFiles: [fileURLToPath(new URL("scripts/seed-properties.mjs", import.meta.url))],
          include: ["packages/*/src/**/*.test.ts", "demo/**/*.test.ts", "bench/**/*.test.mjs"],
          exclude: [...exclude, "**/*.browser.test.ts"],
        },
      },
      {
        resolve,
        plugins: [hostRuntime()],
        // Found only as tests run, they would make Vite reload the page in the middle of one.
        optimizeDeps: { include: ["comlink", "idb"] },
        test: {
          name: "browser",
          testTimeout,
          hookTimeout,
          expect: expectations,
          provide: { fuzzCases },
          include: ["packages/*/src/**/*.browser.test.ts"],
          exclude,
          browser: {
            enabled: true,
            headless: true,
            screenshotFailures: false,
            provider: playwright({
              launchOptions: {
                args: [...CHROMIUM_ARGS],
                ...(executablePath === undefined ? {} : { executablePath }),
              },
            }),
            instances: [{ browser: "chromium" }],
          },
        },
      },
    ],
  },
});
