import { join } from "node:path";
import { defineConfig } from "vite";

const root = import.meta.dirname;
const pages = ["index.html", "contracts.html", "faults.html", "waking.html"];

export default defineConfig({
  base: "./",
  root,
  build: {
    outDir: "../dist/page",
    emptyOutDir: true,
    minify: false,
    rolldownOptions: { input: pages.map((page) => join(root, page)) },
  },
  worker: { format: "es" },
});
