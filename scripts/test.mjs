import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { build } from "./build.mjs";
import { ensureInstalled, root } from "./install.mjs";

ensureInstalled();
build();
const { findBrowser } = await import("./find-browser.mjs");
const browser = await findBrowser();
console.log(`Testing with ${browser}`);

const reports = join(root, ".selvedge/reports");
rmSync(reports, { recursive: true, force: true });
mkdirSync(reports, { recursive: true });

const results = [vitest(), playwright()];
const passed = results.reduce((sum, result) => sum + result.passed, 0);
const failed = results.reduce((sum, result) => sum + result.failed, 0);
const again = results.reduce((sum, { flaky = 0 }) => sum + flaky, 0);
const atSecondTry = again === 0 ? "" : ` (${again} of them at the second try only)`;
console.log(`\n${passed} passed${atSecondTry}, ${failed} failed`);
process.exit(failed === 0 ? 0 : 1);

function vitest() {
  const report = join(reports, "vitest.json");
  const status = start(
    ["vitest", "run", "--reporter=default"],
    ["--reporter=json", `--outputFile.json=${report}`],
  );
  const counts = read(report, ({ numPassedTests, numFailedTests, numFailedTestSuites }) => ({
    passed: numPassedTests,
    failed: numFailedTests || (status === 0 ? 0 : Math.max(1, numFailedTestSuites)),
  }));
  return counts;
}

function playwright() {
  const report = join(reports, "e2e.json");
  const status = start(["playwright", "test", "-c", "e2e", "--reporter=list,json"], [], {
    PLAYWRIGHT_JSON_OUTPUT_NAME: report,
  });
  return read(report, ({ stats }) => ({
    passed: stats.expected + stats.flaky,
    flaky: stats.flaky,
    failed: stats.unexpected || (status === 0 ? 0 : 1),
  }));
}

function start(command, more, env = {}) {
  const { status } = spawnSync("npx", [...command, ...more], {
    cwd: root,
    stdio: "inherit",
    shell: process.platform === "win32",
    env: { ...process.env, SELVEDGE_CHROMIUM: browser, ...env },
  });
  return status;
}

/** What a runner reported; a runner that died before it could report counts as a failure. */
function read(report, count) {
  try {
    return count(JSON.parse(readFileSync(report, "utf8")));
  } catch {
    return { passed: 0, failed: 1 };
  }
}
