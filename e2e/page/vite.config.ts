import { defineConfig } from "vite";

export default defineConfig({
  base: "./",
  root: import.meta.dirname,
  build: { outDir: "../dist/page", emptyOutDir: true, minify: false },
  worker: { format: "es" },
});
