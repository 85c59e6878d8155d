import { fileURLToPath } from "node:url";
import { build } from "vite";

const FOLDER = fileURLToPath(new URL("pages/", import.meta.url));
const PAGES = [
  ...["selvedge", "first", "transformers", "hand-written", "careful"],
  ...["plain", "tfjs", "blank"],
];

/** Builds a page for each contender, as anyone's bundler would. */
export async function buildPages(folder, { peer }) {
  const input = PAGES.map((page) => `${FOLDER}${page}.html`);
  await build({
    configFile: false,
    logLevel: "error",
    root: FOLDER,
    base: "./",
    resolve: { alias: { "@huggingface/transformers": peer.entry } },
    worker: { format: "es" },
    build: { outDir: folder, emptyOutDir: true, rollupOptions: { input } },
  });
}
