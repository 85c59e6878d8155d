import { readFileSync } from "node:fs";
import { defineConfig, type Plugin, type UserConfig } from "vite";
import { renderErrorsPage } from "./src/errors/render-errors-page.ts";

/** Writes docs/errors.md beside the dashboard, as a page that its codes link to. */
const errorsPage: Plugin = {
  name: "errors-page",
  generateBundle(_, bundle) {
    const style = Object.keys(bundle).find((file) => file.endsWith(".css")) ?? "";
    const markdown = readFileSync(new URL("../../docs/errors.md", import.meta.url), "utf8");
    this.emitFile({
      type: "asset",
      fileName: "errors.html",
      source: renderErrorsPage(markdown, style),
    });
  },
};

const config: UserConfig = defineConfig({
  // Relative, so that the page also works behind a proxy that adds a path.
  base: "./",
  plugins: [errorsPage],
  oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
  build: {
    target: "es2022",
    modulePreload: { polyfill: false },
    // A data: font or script would need a wider policy than the collector sends.
    assetsInlineLimit: 0,
  },
});

export default config;
