import { fileURLToPath } from "node:url";
import { defineConfig, type UserConfig } from "vite";
import { bundleServiceWorker } from "./bundle-service-worker.ts";

const page = (file: string): string => fileURLToPath(new URL(file, import.meta.url));

const config: UserConfig = defineConfig({
  base: "/demo/",
  build: {
    target: "es2022",
    // Pictures stay files: a `data:` address cannot be fetched under the page's content policy.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    rolldownOptions: { input: [page("index.html"), page("diagnose.html")] },
  },
  worker: { format: "es" },
  plugins: [
    bundleServiceWorker({
      entry: "src/service-worker/service-worker.ts",
      file: "service-worker.js",
    }),
  ],
});

export default config;
