import type { HttpBindings } from "@hono/node-server";
import { type ErrorCode, SelvedgeError } from "@selvedge/protocol";
import { Hono } from "hono";
import type { ContentfulStatusCode } from "hono/utils/http-status";
import { apiRoutes } from "./api/api-routes.ts";
import { ingestRoutes } from "./ingest/ingest-routes.ts";
import type { Store } from "./store/store.ts";

const STATUS: { readonly [code in ErrorCode]?: ContentfulStatusCode } = {
  "telemetry-invalid": 400,
  "telemetry-too-large": 413,
  "options-invalid": 400,
  unsupported: 415,
  closed: 503,
  "store-failed": 503,
};

const RETRY_AFTER_S = 5;

/** Everything the collector answers itself, in dependency order; files are served beside it. */
export function createApp(store: Store): Hono<{ Bindings: HttpBindings }> {
  return new Hono<{ Bindings: HttpBindings }>()
    .get("/healthz", (context) => context.json({ status: "ok" }))
    .get("/readyz", async (context) => {
      await store.check();
      return context.json({ status: "ok" });
    })
    .route("/v1", ingestRoutes(store))
    .route("/api", apiRoutes(store))
    .notFound((context) =>
      context.json({ code: "not-found", message: "There is nothing at this address." }, 404),
    )
    .onError((error, context) => {
      const status = error instanceof SelvedgeError ? (STATUS[error.code] ?? 500) : 500;
      if (status < 500 && error instanceof SelvedgeError)
        return context.json({ code: error.code, message: error.message }, status);
      // What went wrong inside is for the one who runs the collector, not for whoever asked.
      console.error(error);
      if (status === 503) context.header("retry-after", String(RETRY_AFTER_S));
      return context.json(
        status === 503
          ? { code: "store-failed", message: "The store cannot answer now. Try again later." }
          : { code: "internal", message: "The collector failed to answer this." },
        status,
      );
    });
}
