import { spawnSync } from "node:child_process";
import { statSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** The repository's folder. */
export const root = fileURLToPath(new URL("..", import.meta.url));

/** Runs a command in the repository, and ends this process where it fails. */
export function run(command, args, options = {}) {
  const { status, signal, error } = spawnSync(command, args, {
    cwd: root,
    stdio: "inherit",
    shell: process.platform === "win32",
    ...options,
  });
  if (error === undefined && status === 0) return;
  const why = error?.message ?? (signal === null ? `exit ${status}` : signal);
  console.error(`\n${command} ${args.join(" ")}: ${why}`);
  process.exit(1);
}

/** Installs the packages the lockfile names, unless that was done since it last changed. */
export function ensureInstalled() {
  const changed = modified(`${root}package-lock.json`);
  const installed = modified(`${root}node_modules/.package-lock.json`);
  if (installed >= changed) return;
  console.log("Installing packages (once)…");
  run("npm", ["ci", "--no-audit", "--no-fund"]);
}

function modified(file) {
  return statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0;
}
