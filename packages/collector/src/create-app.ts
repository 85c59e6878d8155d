import type { RequestListener } from "node:http";
import { getRequestListener, type HttpBindings } from "@hono/node-server";
import { Hono } from "hono";
import { createGuards } from "./access/guard.ts";
import type { Alerts } from "./alerts/start-alerts.ts";
import type { ReadClassNames } from "./analysis/accuracy/read-class-names.ts";
import type { ReadFeedbackBlocks } from "./analysis/accuracy/read-feedback-blocks.ts";
import type { ReadDrift } from "./analysis/drift/create-drift-reader.ts";
import { apiRoutes } from "./api/api-routes.ts";
import { type CollectorConfig, DEFAULT_CONFIG } from "./config/collector-config.ts";
import { describeFailure } from "./failure.ts";
import type { IsServed } from "./files/served-versions.ts";
import { createLabelBounds, NOTHING_SEEN } from "./ingest/admission/label-bounds.ts";
import { createIngestCounts } from "./ingest/ingest-counts.ts";
import { createIngestListener } from "./ingest/ingest-listener.ts";
import { timeCommits } from "./prometheus/commit-timer.ts";
import { metricsRoute } from "./prometheus/metrics-route.ts";
import type { Seen, Store } from "./store/store.ts";

/** What is found out about what the store holds, and what the registry has. */
export interface Analysis {
  readonly readDrift: ReadDrift;
  readonly readFeedbackBlocks: ReadFeedbackBlocks;
  readonly readClassNames: ReadClassNames;
  readonly alerts: Pick<Alerts, "answer">;
  readonly isServed: IsServed;
  /** What was stored lately: it keeps the room that it had before this start. */
  readonly seen: Seen;
}

/** Of a collector that has no registry, and watches nothing. */
const NO_ANALYSIS: Analysis = {
  readDrift: async () => undefined,
  readFeedbackBlocks: async () => [],
  readClassNames: async () => new Map(),
  alerts: { answer: async () => ({ rules: [], history: [] }) },
  isServed: () => false,
  seen: NOTHING_SEEN,
};

/** What a collector answers itself; files are served beside it. */
export interface App {
  /** All that is under `/v1`. */
  readonly ingest: RequestListener;
  /** All else: what is asked of it, and not sent to it. */
  readonly reading: Hono<{ Bindings: HttpBindings }>;
}

/** Makes it, in dependency order. */
export function createApp(
  store: Store,
  config: CollectorConfig = DEFAULT_CONFIG,
  { isServed, seen, ...found }: Analysis = NO_ANALYSIS,
): App {
  const now = Date.now;
  const guards = createGuards(config);
  const counts = createIngestCounts();
  const commits = timeCommits(store);
  const startedAt = now();
  const { valuesPerLabel, series } = config.limits;
  const bounds = createLabelBounds({ valuesPerLabel, series, isServed, seen, now });
  const stats = () => ({ startedAt, ...counts, capped: bounds.capped() });
  const readFigures = async () => {
    const [{ bytes, rows }, totals, { rules }] = await Promise.all([
      store.size(),
      store.totals(),
      found.alerts.answer(),
    ]);
    const about = { ...stats(), bytesOnDisk: bytes, rows };
    return { stats: about, totals, rules, commits: commits.samples() };
  };
  const reading = new Hono<{ Bindings: HttpBindings }>()
    .get("/healthz", (context) => context.json({ status: "ok" }))
    .get("/readyz", async (context) => {
      await store.check();
      return context.json({ status: "ok" });
    })
    .use("/api/*", guards.read)
    .use("/metrics", guards.read)
    .route("/api", apiRoutes({ store, ...found, stats, now }))
    .route("/", metricsRoute(readFigures, now))
    .notFound((context) =>
      context.json({ code: "not-found", message: "There is nothing at this address." }, 404),
    )
    .onError((error, context) => {
      // Nobody is there to read it, and nothing went wrong.
      if (context.req.raw.signal.aborted) return context.body(null, 408);
      const { status, code, message, retryAfterS } = describeFailure(error);
      if (status === 401) context.header("www-authenticate", "Bearer");
      if (retryAfterS !== undefined) context.header("retry-after", String(retryAfterS));
      return context.json({ code, message }, status);
    });
  return {
    ingest: createIngestListener({
      store: commits.store,
      guard: guards.ingest,
      config,
      counts,
      bounds,
    }),
    reading,
  };
}

/** Answers whatever is asked of an app. */
export function listenerOf({ ingest, reading }: App): RequestListener {
  const read = getRequestListener(reading.fetch, { overrideGlobalObjects: false });
  return (request, response) =>
    /^\/v1(\/|\?|$)/.test(request.url ?? "")
      ? ingest(request, response)
      : void read(request, response);
}
