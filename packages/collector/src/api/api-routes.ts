import { Hono } from "hono";
import type { Store } from "../store/store.ts";
import { parseSteppedWindow, parseWindow } from "./parse-query.ts";

/** `GET /api/…`: what the dashboard shows. */
export function apiRoutes(store: Store): Hono {
  return new Hono()
    .use(async (context, next) => {
      await next();
      context.header("cache-control", "no-store");
    })
    .get("/models", async (context) =>
      context.json(await store.models(parseWindow(context.req.query(), Date.now(), () => 0))),
    )
    .get("/predictions", async (context) =>
      context.json(await store.predictions(parseSteppedWindow(context.req.query(), Date.now()))),
    )
    .get("/latency", async (context) =>
      context.json(await store.latency(parseSteppedWindow(context.req.query(), Date.now()))),
    )
    .get("/failures", async (context) =>
      context.json(await store.failures(parseWindow(context.req.query(), Date.now()))),
    );
}
