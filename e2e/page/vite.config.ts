import { join } from "node:path";
import { defineConfig } from "vite";

const root = import.meta.dirname;

export default defineConfig({
  base: "./",
  root,
  build: {
    outDir: "../dist/page",
    emptyOutDir: true,
    minify: false,
    rolldownOptions: { input: ["index.html", "contracts.html"].map((page) => join(root, page)) },
  },
  worker: { format: "es" },
});
