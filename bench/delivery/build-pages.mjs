import { rm } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { build } from "vite";

const FOLDER = fileURLToPath(new URL("pages/", import.meta.url));
const PAGES = [
  ...["selvedge", "first", "transformers", "hand-written", "careful"],
  ...["plain", "tfjs", "blank"],
];

/** Builds a page for each contender, as anyone's bundler would: each alone, or they would share chunks. */
export async function buildPages(folder, { peer }) {
  await rm(folder, { recursive: true, force: true });
  for (const page of PAGES)
    await build({
      configFile: false,
      logLevel: "error",
      root: FOLDER,
      base: "./",
      resolve: { alias: { "@huggingface/transformers": peer.entry } },
      worker: { format: "es" },
      build: {
        outDir: folder,
        emptyOutDir: false,
        rollupOptions: { input: `${FOLDER}${page}.html` },
      },
    });
}
