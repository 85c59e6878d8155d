import type { HttpBindings } from "@hono/node-server";
import { Hono } from "hono";
import { createGuards } from "./access/guard.ts";
import { apiRoutes } from "./api/api-routes.ts";
import { type CollectorConfig, DEFAULT_CONFIG } from "./config/collector-config.ts";
import { describeFailure } from "./failure.ts";
import { createIngestCounts } from "./ingest/ingest-counts.ts";
import { ingestRoutes } from "./ingest/ingest-routes.ts";
import type { Store } from "./store/store.ts";

/** Everything the collector answers itself, in dependency order; files are served beside it. */
export function createApp(
  store: Store,
  config: CollectorConfig = DEFAULT_CONFIG,
): Hono<{ Bindings: HttpBindings }> {
  const guards = createGuards(config);
  const counts = createIngestCounts();
  return new Hono<{ Bindings: HttpBindings }>()
    .get("/healthz", (context) => context.json({ status: "ok" }))
    .get("/readyz", async (context) => {
      await store.check();
      return context.json({ status: "ok" });
    })
    .route("/v1", ingestRoutes({ store, guard: guards.ingest, config, counts }))
    .use("/api/*", guards.read)
    .use("/metrics", guards.read)
    .route("/api", apiRoutes(store))
    .notFound((context) =>
      context.json({ code: "not-found", message: "There is nothing at this address." }, 404),
    )
    .onError((error, context) => {
      const { status, code, message, retryAfterS } = describeFailure(error);
      if (status === 401) context.header("www-authenticate", "Bearer");
      if (retryAfterS !== undefined) context.header("retry-after", String(retryAfterS));
      return context.json({ code, message }, status);
    });
}
