import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { run } from "../../scripts/install.mjs";

const NAME = "@huggingface/transformers";
const VERSION = "4.3.1";

/**
 * transformers.js, which the repository does not depend on: installed into a folder of its own the
 * first time it is measured against, without running any script of a package.
 *
 * @returns where its web build lies, and the folder of the onnxruntime-web it brings
 */
export async function installPeer(folder) {
  const modules = join(folder, "node_modules");
  if ((await installedVersion(modules)) !== VERSION) {
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, "package.json"), JSON.stringify({ private: true }));
    console.error(`Installing ${NAME}@${VERSION} to measure against (once)…`);
    const quiet = ["--ignore-scripts", "--no-save", "--no-audit", "--no-fund", "--loglevel=error"];
    run("npm", ["install", ...quiet, `${NAME}@${VERSION}`], { cwd: folder });
  }
  return {
    entry: join(modules, NAME, "dist/transformers.web.min.js"),
    runtime: join(modules, "onnxruntime-web/dist"),
  };
}

async function installedVersion(modules) {
  const text = await readFile(join(modules, NAME, "package.json"), "utf8").catch(() => "{}");
  return JSON.parse(text).version;
}
