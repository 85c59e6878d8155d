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
// Two runners printed thousands of lines since: what failed, once more, where it is looked for.
for (const result of results)
  for (const failure of result.failures) console.log(`\nFailed: ${failure}`);
console.log(`\n${passed} passed${atSecondTry}, ${failed} failed`);
process.exit(failed === 0 ? 0 : 1);

function vitest() {
  const report = join(reports, "vitest.json");
  const status = start(
    ["vitest", "run", "--reporter=default"],
    ["--reporter=json", `--outputFile.json=${report}`],
  );
  return read(report, ({ numPassedTests, numFailedTests, numFailedTestSuites, testResults }) => ({
    passed: numPassedTests,
    failed: numFailedTests || (status === 0 ? 0 : Math.max(1, numFailedTestSuites)),
    failures: testResults.flatMap(failuresOfFile),
  }));
}

/** What failed in one file of tests: tests of it, or the file as a whole. */
function failuresOfFile({ name, status, message, assertionResults }) {
  const failed = assertionResults.filter((test) => test.status === "failed");
  if (failed.length === 0) return status === "failed" ? [`${name}\n${message}`] : [];
  return failed.map((test) => `${name} › ${test.fullName}\n${test.failureMessages.join("\n")}`);
}

function playwright() {
  const report = join(reports, "e2e.json");
  const status = start(["playwright", "test", "-c", "e2e", "--reporter=list,json"], [], {
    PLAYWRIGHT_JSON_OUTPUT_NAME: report,
  });
  return read(report, ({ stats, suites, errors }) => ({
    passed: stats.expected + stats.flaky,
    flaky: stats.flaky,
    failed: stats.unexpected || (status === 0 ? 0 : 1),
    failures: [...errors.map(({ message }) => message), ...suites.flatMap(failuresOfSuite)],
  }));
}

/** What failed in one suite, or passed at the second try only. */
function failuresOfSuite({ specs = [], suites = [] }) {
  const here = specs.flatMap(({ file, title, tests }) =>
    tests.flatMap(({ results }) =>
      results
        .filter(({ error }) => error !== undefined)
        .map(({ error, retry }) => `${file} › ${title} (try ${retry + 1})\n${error.message}`),
    ),
  );
  return [...here, ...suites.flatMap(failuresOfSuite)];
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
    return { passed: 0, failed: 1, failures: [`no report in ${report}`] };
  }
}
