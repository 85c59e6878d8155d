import { mkdir } from "node:fs/promises";
import { createServer, type RequestListener, type Server } from "node:http";
import { join, resolve } from "node:path";
import { SelvedgeError } from "@selvedge/protocol";
import { isLoopback } from "./access/client-address.ts";
import { startAlerts } from "./alerts/start-alerts.ts";
import { SYSTEM_EDGE } from "./alerts/system-edge.ts";
import { createClassNameReader } from "./analysis/accuracy/read-class-names.ts";
import { createFeedbackBlockReader } from "./analysis/accuracy/read-feedback-blocks.ts";
import { createDriftReader } from "./analysis/drift/create-drift-reader.ts";
import { createManifestReader } from "./analysis/read-manifest.ts";
import { type CollectorConfig, DEFAULT_CONFIG } from "./config/collector-config.ts";
import { createApp, listenerOf } from "./create-app.ts";
import { type ServeMounts, serveMounts } from "./files/serve-mounts.ts";
import { serveRegistry } from "./files/serve-registry.ts";
import { watchServedVersions } from "./files/served-versions.ts";
import { NOTHING_SEEN } from "./ingest/admission/label-bounds.ts";
import { keepMaintained } from "./store/keep-maintained.ts";
import { openStore } from "./store/open-store.ts";
import type { Seen, Store } from "./store/store.ts";

/** The file of the store in its data directory. */
const STORE_FILE = "collector.duckdb";

/** How long requests may take to finish at the end. */
const CLOSE_TIMEOUT_MS = 5_000;

/** How long nothing may pass over a connection. */
const SILENCE_TIMEOUT_MS = 120_000;

/** How long a connection is kept for its next request; longer than reverse proxies keep theirs. */
const KEEP_ALIVE_TIMEOUT_MS = 65_000;

/** How often requests are looked at for having taken too long to arrive. */
const MAX_CHECK_INTERVAL_MS = 5_000;

const HOUR_MS = 3_600_000;

/** What came before a start and has room still: labels are known for a day or two. */
const SEEN_MS = 48 * HOUR_MS;

/** Where a collector finds what it serves, and where it listens. */
export interface CollectorOptions {
  /** The registry; it may be filled while it is served. */
  readonly registryDir: string;
  /** Where telemetry is kept; made where it is missing. Of one collector at a time. */
  readonly dataDir: string;
  /** @default "127.0.0.1" */
  readonly host?: string;
  /** `0` takes any that is free. */
  readonly port: number;
  /** Built folders by the URL path they are served under, such as `{ "/": "dashboard/dist" }`. */
  readonly mounts?: Readonly<Record<string, string>>;
  /** What `readConfig` reads from a config file. @default DEFAULT_CONFIG */
  readonly config?: CollectorConfig;
  /** Listens on an address that others reach although it asks for no tokens. @default false */
  readonly open?: boolean;
}

/** A collector that listens. */
export interface Collector {
  /** Its address, without a slash at the end. */
  readonly url: string;
  /** Takes no more requests, lets those in flight finish, and closes the store. Safe to call twice. */
  close(): Promise<void>;
}

/**
 * Serves a registry, receives telemetry, answers the dashboard and serves built pages, on one port.
 *
 * @throws SelvedgeError `options-invalid` when the port is taken, a mount is missing, or others reach
 * the host while the config has no tokens and `open` is not set;
 * `store-failed` when the data directory is in use by another collector or cannot be used.
 *
 * @example
 * ```ts
 * const collector = await startCollector({ registryDir: "registry", dataDir: "data", port: 4173 });
 * console.log(collector.url);
 * await collector.close();
 * ```
 */
export async function startCollector(options: CollectorOptions): Promise<Collector> {
  const { registryDir, dataDir, host = "127.0.0.1", port, mounts = {} } = options;
  const { config = DEFAULT_CONFIG, open = false } = options;
  if (!open) expectTokens(host, config);
  const serveMounted = serveMounts(mounts);
  await mkdir(dataDir, { recursive: true }).catch((cause: unknown) => {
    throw new SelvedgeError(
      "store-failed",
      `The data directory ${dataDir} could not be made. Check the permissions of its parent.`,
      { cause, detail: { dataDir } },
    );
  });
  const store = await openStore(join(dataDir, STORE_FILE), config.retention, config.store);
  const readManifest = createManifestReader(registryDir, config.publicKeys);
  const keptMs = config.retention.hourHours * HOUR_MS;
  const readDrift = createDriftReader({ store, readManifest, keptMs, now: Date.now });
  const readFeedbackBlocks = createFeedbackBlockReader({ store, keptMs, now: Date.now });
  const seen = await seenLately(store, config);
  const sources = { store, readDrift };
  const alerts = startAlerts({ ...SYSTEM_EDGE, config: config.alerts, store, sources });
  const app = createApp(store, config, {
    readDrift,
    readFeedbackBlocks,
    readClassNames: createClassNameReader(registryDir, readManifest),
    alerts,
    isServed: watchServedVersions(registryDir, Date.now),
    seen,
  });
  const server = createHardenedServer(
    config,
    dispatch({
      answer: listenerOf(app),
      registryDir: resolve(registryDir),
      serveMounted,
    }),
  );
  try {
    await listen(server, { host, port });
  } catch (error) {
    await alerts.close();
    await store.close();
    throw error;
  }
  const maintenance = keepMaintained(store);
  let closing: Promise<void> | undefined;
  return {
    url: addressOf(server, host),
    close: () => {
      maintenance.stop();
      closing ??= closeServer(server)
        .finally(() => alerts.close())
        .finally(() => store.close());
      return closing;
    },
  };
}

/** To count what comes matters more than to remember what came. */
async function seenLately(store: Store, { limits }: CollectorConfig): Promise<Seen> {
  try {
    return await store.seen({ sinceMs: Date.now() - SEEN_MS, limit: limits.series });
  } catch (error) {
    console.error("selvedge: what came before this start is not known to its bounds:", error);
    return NOTHING_SEEN;
  }
}

/** An open collector on a public address would be filled, or read, by whoever finds it. */
function expectTokens(host: string, { tokens }: CollectorConfig): void {
  if (isLoopback(host) || (tokens.ingest.length > 0 && tokens.read.length > 0)) return;
  throw new SelvedgeError(
    "options-invalid",
    `The collector did not start: others reach ${host}, and its config has no tokens to ingest or to read with. Add both to the file of --config, or say --open where a firewall or a proxy lets in only whom it should.`,
    { detail: { host } },
  );
}

/** A server that gives up on whoever sends slowly, reads slowly, or opens connections without end. */
function createHardenedServer({ limits }: CollectorConfig, listener: RequestListener): Server {
  const server = createServer(
    {
      headersTimeout: limits.headersTimeoutMs,
      requestTimeout: limits.requestTimeoutMs,
      keepAliveTimeout: KEEP_ALIVE_TIMEOUT_MS,
      connectionsCheckingInterval: Math.min(MAX_CHECK_INTERVAL_MS, limits.headersTimeoutMs),
    },
    listener,
  );
  server.maxConnections = limits.connections;
  server.setTimeout(SILENCE_TIMEOUT_MS);
  return server;
}

const APP_PATH = /^\/(v1|api|metrics|healthz|readyz)(\/|$)/;

function dispatch({
  answer,
  registryDir,
  serveMounted,
}: {
  answer: RequestListener;
  registryDir: string;
  serveMounted: ServeMounts;
}): RequestListener {
  return (request, response) => {
    const path = (request.url ?? "/").split("?")[0] ?? "/";
    if (APP_PATH.test(path)) answer(request, response);
    else if (path.startsWith("/models/"))
      serveRegistry(request, response, { registryDir, path: path.slice("/models".length) });
    else if (!serveMounted(request, response, path)) answer(request, response);
  };
}

async function listen(server: Server, { host, port }: { host: string; port: number }) {
  try {
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject).listen({ host, port }, () => {
        server.off("error", reject);
        // Such as too many open files: it concerns one connection, and must not end the process.
        server.on("error", (error) => console.error(error));
        resolve();
      });
    });
  } catch (cause) {
    const code = cause instanceof Error && "code" in cause ? cause.code : undefined;
    const reason =
      code === "EADDRINUSE"
        ? `port ${port} on ${host} is in use. Stop what listens there, or choose another port`
        : `it cannot listen on ${host}, port ${port} (${code ?? cause}). Choose another host or port`;
    throw new SelvedgeError("options-invalid", `The collector did not start: ${reason}.`, {
      cause,
      detail: { host, port },
    });
  }
}

/** The address to open in a browser; one that means every interface is reached through loopback. */
function addressOf(server: Server, host: string): string {
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  const reachable = host === "0.0.0.0" ? "127.0.0.1" : host === "::" ? "::1" : host;
  return `http://${reachable.includes(":") ? `[${reachable}]` : reachable}:${port}`;
}

async function closeServer(server: Server): Promise<void> {
  // A connection whose last request ends now would otherwise be kept for the next one.
  server.prependListener("request", (_, response) => response.setHeader("connection", "close"));
  const sweep = setInterval(() => server.closeIdleConnections(), 50);
  const cut = setTimeout(() => server.closeAllConnections(), CLOSE_TIMEOUT_MS);
  await new Promise<void>((resolve) => server.close(() => resolve()));
  clearInterval(sweep);
  clearTimeout(cut);
}
