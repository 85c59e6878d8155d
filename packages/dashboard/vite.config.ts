import { defineConfig, type UserConfig } from "vite";

const config: UserConfig = defineConfig({
  // Relative, so that the page also works behind a proxy that adds a path.
  base: "./",
  oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
  build: {
    target: "es2022",
    modulePreload: { polyfill: false },
    // A data: font or script would need a wider policy than the collector sends.
    assetsInlineLimit: 0,
  },
});

export default config;
