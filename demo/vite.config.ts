import { defineConfig, type UserConfig } from "vite";
import { VitePWA } from "vite-plugin-pwa";
import { RUNTIME_CACHE } from "./src/offline/runtime-cache.ts";

const config: UserConfig = defineConfig({
  base: "/demo/",
  build: {
    target: "es2022",
    // Pictures stay files: a `data:` address cannot be fetched under the page's content policy.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
  worker: { format: "es" },
  plugins: [
    VitePWA({
      strategies: "generateSW",
      registerType: "autoUpdate",
      injectRegister: false,
      filename: "service-worker.js",
      manifest: false,
      workbox: {
        globPatterns: ["**/*.{html,js,css,webp,svg}"],
        navigateFallback: "index.html",
        clientsClaim: true,
        skipWaiting: true,
        cleanupOutdatedCaches: true,
        runtimeCaching: [
          {
            // Kept once it has been used, not precached: it is 14 MB, and its address never changes.
            urlPattern: ({ sameOrigin, url }) =>
              sameOrigin && url.pathname.startsWith("/selvedge/"),
            handler: "CacheFirst",
            options: { cacheName: RUNTIME_CACHE, cacheableResponse: { statuses: [200] } },
          },
        ],
      },
    }),
  ],
});

export default config;
