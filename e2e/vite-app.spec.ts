import { type ChildProcess, execFile, spawn } from "node:child_process";
import { cp, mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, type Page, test } from "@playwright/test";
import { ASSETS, REGISTRY, ROOT } from "./places.ts";

const run = promisify(execFile);
const npm = process.platform === "win32" ? "npm.cmd" : "npm";

/** This repository's own Vite: installed once, and of a version that is known. */
const VITE = join(ROOT, "node_modules/vite/bin/vite.js");

/** What a new user writes after reading the README. */
const MAIN = `
  import { createSelvedge } from "selvedge";
  const selvedge = createSelvedge({ registry: "/models" });
  const model = await selvedge.load("lande");
  const { outputs } = await model.predict({
    ngrams: { type: "float32", data: new Float32Array(620), dims: [1, 620] },
  });
  document.body.dataset.answer = outputs.probabilities.dims.join("×");
`;

let app: string;

test.beforeAll(async () => {
  app = await mkdtemp(join(tmpdir(), "selvedge-app-"));
  for (const workspace of ["selvedge", "@selvedge/protocol"])
    await run(npm, ["pack", "-w", workspace, "--pack-destination", app], { cwd: ROOT });
  const tarballs = (await readdir(app)).filter((file) => file.endsWith(".tgz")).sort();
  const [sdk, protocol] = tarballs.map((file) => `file:${file}`);
  const manifest = {
    private: true,
    type: "module",
    dependencies: { selvedge: sdk, "@selvedge/protocol": protocol },
  };
  await writeFile(join(app, "package.json"), JSON.stringify(manifest));
  await writeFile(
    join(app, "index.html"),
    '<!doctype html><title>App</title><script type="module" src="/main.js"></script>',
  );
  await writeFile(join(app, "main.js"), MAIN);
  await mkdir(join(app, "public/models"), { recursive: true });
  await cp(join(REGISTRY, "lande"), join(app, "public/models/lande"), { recursive: true });
  await cp(ASSETS, join(app, "public/selvedge"), { recursive: true });
  const install = ["install", "--prefer-offline", "--no-audit", "--no-fund"];
  const { stdout, stderr } = await run(npm, install, { cwd: app });
  // npm has been seen to end well with a package missing; what it printed says more than what fails later.
  const installed = await readdir(join(app, "node_modules"));
  expect(installed, stdout + stderr).toContain("selvedge");
});

test.afterAll(() => rm(app, { recursive: true, force: true }));

test("the packed package works in a fresh Vite app, served for development", async ({ page }) => {
  await answersFrom(page, ["--port", "0"]);
});

test("the packed package works in a fresh Vite app, built", async ({ page }) => {
  await run(process.execPath, [VITE, "build"], { cwd: app });
  await answersFrom(page, ["preview", "--port", "0"]);
});

async function answersFrom(page: Page, args: string[]): Promise<void> {
  const vite = spawn(process.execPath, [VITE, ...args], { cwd: app });
  try {
    const problems: string[] = [];
    page.on("pageerror", (error) => problems.push(error.message));
    await page.goto(await addressOf(vite));
    await expect(page.locator("body")).toHaveAttribute("data-answer", "1×50", { timeout: 30_000 });
    expect(problems).toEqual([]);
  } finally {
    vite.kill();
  }
}

/** The address Vite prints once it listens. */
function addressOf(vite: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let printed = "";
    vite.stdout?.on("data", (chunk: Buffer) => {
      // Vite colours the port by itself; the escapes have to go before the address can be read.
      // biome-ignore lint/suspicious/noControlCharactersInRegex: an escape is a control character
      printed += chunk.toString().replace(/\u001b\[\d+m/g, "");
      const address = /http:\/\/localhost:\d+\//.exec(printed)?.[0];
      if (address !== undefined) resolve(address);
    });
    vite.stderr?.on("data", (chunk: Buffer) => {
      printed += chunk.toString();
    });
    vite.on("exit", () => reject(new Error(`vite ended: ${printed}`)));
  });
}
