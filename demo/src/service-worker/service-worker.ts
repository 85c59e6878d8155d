/** Keeps the page and its runtime on the device. Models are none of its business: the SDK keeps them. */
import { RUNTIME_FOLDER, RUNTIME_INDEX, TFJS_FOLDER } from "selvedge/runtime-files";
import { PrecacheController } from "workbox-precaching";
import { NavigationRoute, registerRoute } from "workbox-routing";
import { CacheFirst, NetworkOnly, StaleWhileRevalidate } from "workbox-strategies";
import { RUNTIME_CACHE } from "./runtime-cache.ts";

declare const self: ServiceWorkerGlobalScope;

/** A visit waits this long for the page of today before it opens the one that is kept. */
const PAGE_WAIT_SECONDS = 3;

const files = self.__WB_MANIFEST;
const scope = new URL(self.registration.scope).pathname;
const runtimes = [RUNTIME_FOLDER, TFJS_FOLDER].map((folder) => `/selvedge/${folder}/`);

// A cache for each deployment, so that the files of two are never mixed.
const PAGES = `page ${scope} `;
const page = new PrecacheController({ cacheName: PAGES + deploymentOf(files) });
page.addToCacheList(files);

self.addEventListener("install", (event) => {
  event.waitUntil(page.install(event));
  void self.skipWaiting();
});

self.addEventListener("activate", (event) => {
  const tidied = [page.activate(event), forgetOldPages(), forgetOldRuntimes()];
  event.waitUntil(Promise.all([self.clients.claim(), ...tidied]));
});

// The page: today's where the host gives it, the kept one where it does not.
const today = new NetworkOnly({
  networkTimeoutSeconds: PAGE_WAIT_SECONDS,
  plugins: [{ fetchDidSucceed: async ({ response }) => refuseServerError(response) }],
});
for (const [file, addresses] of [
  ["index.html", "(index\\.html)?"],
  ["diagnose.html", "diagnose\\.html"],
] as const) {
  const kept = page.createHandlerBoundToURL(`${scope}${file}`);
  registerRoute(
    new NavigationRoute((options) => today.handle(options).catch(() => kept(options)), {
      allowlist: [new RegExp(`^${scope}${addresses}(\\?|$)`)],
    }),
  );
}

// Its files: those of this deployment, or of an earlier one that a tab may still be running.
registerRoute(
  ({ request, sameOrigin, url }) =>
    sameOrigin && request.mode !== "navigate" && url.pathname.startsWith(scope),
  async ({ request }) =>
    (await page.matchPrecache(request)) ?? (await caches.match(request)) ?? fetch(request),
);

// The runtime: kept once it was used, so that a page on WASM never fetches the GPU's. Its address
// changes with it, but for the index of what there is: nobody waits for a newer one.
const keeping = {
  cacheName: RUNTIME_CACHE,
  plugins: [
    {
      cacheWillUpdate: async ({ response }: { response: Response }) =>
        isFile(response) ? response : null,
    },
  ],
};
registerRoute(
  ({ sameOrigin, url }) => sameOrigin && url.pathname === `${runtimes[0]}${RUNTIME_INDEX}`,
  new StaleWhileRevalidate(keeping),
);
registerRoute(
  ({ sameOrigin, url }) => sameOrigin && runtimes.some((path) => url.pathname.startsWith(path)),
  new CacheFirst(keeping),
);

function deploymentOf(entries: typeof files): string {
  for (const entry of entries)
    if (typeof entry !== "string" && entry.url.endsWith("index.html")) return entry.revision ?? "";
  throw new Error("There is no index.html among the page's files.");
}

/** An address that answers 502 is as good as none. */
function refuseServerError(response: Response): Response {
  if (response.status < 500) return response;
  throw new Error(`The host answered ${response.status}.`);
}

/** Some hosts answer a missing file with a page and 200: kept once, it would be wrong for good. */
function isFile({ status, headers }: Response): boolean {
  return status === 200 && !headers.get("content-type")?.includes("text/html");
}

/** Keeps this deployment and the one before it, whose tabs may still start a worker. */
async function forgetOldPages(): Promise<void> {
  const others = (await caches.keys()).filter(
    (name) => name.startsWith(PAGES) && name !== page.strategy.cacheName,
  );
  await Promise.all(others.slice(0, -1).map((name) => caches.delete(name)));
}

async function forgetOldRuntimes(): Promise<void> {
  const cache = await caches.open(RUNTIME_CACHE);
  const isCurrent = ({ url }: Request) =>
    runtimes.some((path) => new URL(url).pathname.startsWith(path));
  const outdated = (await cache.keys()).filter((request) => !isCurrent(request));
  await Promise.all(outdated.map((request) => cache.delete(request)));
}
