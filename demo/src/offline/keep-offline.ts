import { GLUE_SHIM, RUNTIME_BUILDS, RUNTIME_FOLDER, RUNTIME_INDEX } from "selvedge/runtime-files";
import { RUNTIME_CACHE } from "../service-worker/runtime-cache.ts";

/** A first visit waits this long for its service worker, then goes on without. */
const CONTROL_WAIT_MS = 1500;
const STORING_WAIT_MS = 10_000;
const STORING_POLL_MS = 100;

const SCOPE = import.meta.env.BASE_URL;

/**
 * Lets the service worker take the page over before anything large is fetched, so that the runtime
 * passes through it and is kept on its one way here.
 *
 * @returns whether it did; where it did not, `keepRuntime` makes up for it
 */
export async function openOffline(): Promise<boolean> {
  if (!("serviceWorker" in navigator) || import.meta.env.DEV) return false;
  const { serviceWorker } = navigator;
  if (serviceWorker.controller) return true;
  const controlled = new Promise<void>((resolve) => {
    serviceWorker.addEventListener("controllerchange", () => resolve(), { once: true });
  });
  const { active } = await serviceWorker.register(`${SCOPE}service-worker.js`, { scope: SCOPE });
  // A reload that passes it by on purpose is never taken over.
  if (active) return false;
  await Promise.race([controlled, after(CONTROL_WAIT_MS)]);
  return serviceWorker.controller !== null;
}

/**
 * Sees to it that the page opens without a network from now on: the runtime is in its cache, the
 * service worker in place and up to date. What the service worker did not see go by is taken out of
 * the browser's own cache, where it is marked as never changing.
 *
 * @param build of the runtime that the page's models run in: no other is kept
 * @returns whether the page will open without a network
 */
export async function keepOffline(
  build: keyof typeof RUNTIME_BUILDS,
  { wasControlled }: { wasControlled: boolean },
): Promise<boolean> {
  if (!("serviceWorker" in navigator) || import.meta.env.DEV) return false;
  const cache = await caches.open(RUNTIME_CACHE);
  const folder = new URL(`/selvedge/${RUNTIME_FOLDER}/`, location.href).href;
  const { api, glue, wasm } = RUNTIME_BUILDS[build];
  for (const file of [api, glue, GLUE_SHIM, wasm]) {
    const url = folder + file;
    if (wasControlled && (await isStored(cache, url))) continue;
    if (await cache.match(url)) continue;
    await cache.add(new Request(url, { cache: "force-cache" }));
  }
  // Models run without it; they only take longer to start.
  if (!(await cache.match(folder + RUNTIME_INDEX)))
    await cache.add(folder + RUNTIME_INDEX).catch(() => undefined);
  await navigator.serviceWorker.register(`${SCOPE}service-worker.js`, { scope: SCOPE });
  await navigator.serviceWorker.ready;
  return true;
}

/** The service worker answers before it has finished storing, and says nothing when it has. */
async function isStored(cache: Cache, url: string): Promise<boolean> {
  for (let waitedMs = 0; waitedMs < STORING_WAIT_MS; waitedMs += STORING_POLL_MS) {
    if (await cache.match(url)) return true;
    await after(STORING_POLL_MS);
  }
  return false;
}

function after(delayMs: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, delayMs);
  });
}
