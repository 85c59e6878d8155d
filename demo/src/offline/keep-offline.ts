import { GLUE_SHIM, RUNTIME_BUILDS, RUNTIME_FOLDER } from "selvedge/runtime-files";
import { messageSW } from "workbox-window";

/**
 * Keeps the page and the runtime for the next visit without a network. The first visit's runtime was
 * fetched before the service worker was there, so its addresses are handed over afterwards; it takes
 * them out of the browser's own cache, where they are marked as never changing.
 *
 * @returns whether the page will open without a network
 */
export async function keepOffline(backend: "wasm" | "webgpu"): Promise<boolean> {
  if (!("serviceWorker" in navigator) || import.meta.env.DEV) return false;
  const scope = import.meta.env.BASE_URL;
  await navigator.serviceWorker.register(`${scope}service-worker.js`, { scope });
  const { active } = await navigator.serviceWorker.ready;
  if (active === null) return false;
  const { api, glue, wasm } = RUNTIME_BUILDS[backend];
  const init: RequestInit = { cache: "force-cache" };
  const urlsToCache = [api, glue, GLUE_SHIM, wasm].map((file) => [
    `/selvedge/${RUNTIME_FOLDER}/${file}`,
    init,
  ]);
  await messageSW(active, { type: "CACHE_URLS", payload: { urlsToCache } });
  return true;
}
