import { defineConfig } from "vite";

export default defineConfig({
  base: "./",
  root: import.meta.dirname,
  build: {
    outDir: "../dist/page",
    emptyOutDir: true,
    minify: false,
    rolldownOptions: {
      input: ["index.html", "faults.html"].map((page) => `${import.meta.dirname}/${page}`),
    },
  },
  worker: { format: "es" },
});
