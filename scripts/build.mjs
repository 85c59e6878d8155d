import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { ensureInstalled, root, run } from "./install.mjs";

const sources = (...rooms) => rooms.map((room) => `packages/${room}`);

/** What is built, in order: from which files, into which, and how. */
const STEPS = [
  {
    name: "types and modules",
    inputs: [...sources("protocol", "sdk", "packer", "collector", "cli"), "tsconfig.base.json"],
    output: "packages/cli/dist",
    build: () =>
      run("npx", ["tsc", "-b", ...sources("protocol", "sdk", "packer", "collector", "cli")]),
  },
  {
    name: "workers",
    inputs: sources("protocol", "sdk"),
    output: "packages/sdk/dist/worker/engine.js",
    build: () =>
      run("npx", ["rolldown", "-c", "--log-level", "warn"], { cwd: join(root, "packages/sdk") }),
  },
  {
    name: "dashboard",
    inputs: [...sources("protocol", "dashboard"), "docs/errors.md"],
    output: "packages/dashboard/dist/index.html",
    build: () => vite("packages/dashboard"),
  },
  {
    name: "demo",
    inputs: [...sources("protocol", "sdk"), "demo"],
    output: "demo/dist/index.html",
    build: () => vite("demo"),
  },
];

/** Builds what is older than its sources. */
export function build() {
  const stamps = join(root, ".selvedge/build");
  mkdirSync(stamps, { recursive: true });
  for (const { name, inputs, output, build: make } of STEPS) {
    const stamp = join(stamps, name.replaceAll(" ", "-"));
    const state = fingerprint([...inputs, "package-lock.json"]);
    const before = existsSync(stamp) ? readFileSync(stamp, "utf8") : "";
    if (before === state && existsSync(join(root, output))) continue;
    console.log(`Building ${name}…`);
    make();
    writeFileSync(stamp, state);
  }
}

function vite(folder) {
  run("npx", ["vite", "build", "--logLevel", "warn"], { cwd: join(root, folder) });
}

/** Changes when a file below one of these places is added, removed or written. */
function fingerprint(places) {
  const hash = createHash("sha256");
  for (const place of places) for (const line of listing(join(root, place))) hash.update(line);
  return hash.digest("hex");
}

function* listing(place) {
  const stat = statSync(place, { throwIfNoEntry: false });
  if (stat === undefined) return;
  if (!stat.isDirectory()) {
    yield `${place}:${stat.size}:${stat.mtimeMs}\n`;
    return;
  }
  for (const name of readdirSync(place).sort())
    if (!["node_modules", "dist"].includes(name) && !name.endsWith(".tsbuildinfo"))
      yield* listing(join(place, name));
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  ensureInstalled();
  build();
}
