import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { root } from "./install.mjs";

/** Where Silero VAD is published (MIT): a package with much besides, of which nothing is run. */
const PACKAGE = "@ricky0123/vad-web@0.0.31";
const ENTRY = "package/dist/silero_vad_v5.onnx";
const SHA256 = "2623a2953f6ff3d2c1e61740c6cdb7168133479b267dfef114a4a3cc5bdd788f";

/** The model's file, fetched from the package registry the first time, as packages are. */
export async function sileroFile() {
  const folder = join(root, ".selvedge/e2e/silero");
  const file = join(folder, ENTRY);
  if ((await digestOf(file)) === SHA256) return file;
  await mkdir(folder, { recursive: true });
  const run = (command, args) =>
    execFileSync(command, args, {
      cwd: folder,
      stdio: ["ignore", "pipe", "inherit"],
      encoding: "utf8",
    });
  const archive = run("npm", ["pack", PACKAGE, "--silent"]).trim();
  run("tar", ["-xzf", archive, ENTRY]);
  if ((await digestOf(file)) !== SHA256)
    throw new Error(`${PACKAGE} does not hold the ${ENTRY} that it did`);
  return file;
}

async function digestOf(file) {
  const bytes = await readFile(file).catch(() => undefined);
  return bytes && createHash("sha256").update(bytes).digest("hex");
}
