import type { IncomingMessage } from "node:http";
import type { HttpBindings } from "@hono/node-server";
import { SelvedgeError } from "@selvedge/protocol";
import { Hono } from "hono";
import { cors } from "hono/cors";
import type { Store } from "../store/store.ts";
import { decodeLogs } from "./decode-logs.ts";
import { decodeMetrics } from "./decode-metrics.ts";
import { readBody } from "./read-body.ts";

/** Requests that are read or written at a time; more are asked to come back. */
const MAX_IN_FLIGHT = 256;

const RETRY_AFTER_S = 2;

/** `POST /v1/metrics` and `POST /v1/logs`: OTLP/HTTP with JSON. Answers once a batch is durable. */
export function ingestRoutes(store: Store): Hono<{ Bindings: HttpBindings }> {
  let inFlight = 0;
  return new Hono<{ Bindings: HttpBindings }>()
    .use(
      cors({
        origin: "*",
        allowMethods: ["POST"],
        exposeHeaders: ["retry-after"],
        maxAge: 7200,
      }),
    )
    .use(async (context, next) => {
      if (inFlight >= MAX_IN_FLIGHT) {
        context.header("retry-after", String(RETRY_AFTER_S));
        return context.json({ code: "busy", message: "Too many requests at once." }, 429);
      }
      inFlight += 1;
      try {
        return await next();
      } finally {
        inFlight -= 1;
      }
    })
    .post("/metrics", async (context) => {
      const { batches, refusals } = decodeMetrics(await readJson(context.env.incoming), Date.now());
      await store.ingestMetrics(batches);
      if (refusals.count === 0) return context.json({});
      return context.json({
        partialSuccess: {
          rejectedDataPoints: String(refusals.count),
          errorMessage: refusals.message,
        },
      });
    })
    .post("/logs", async (context) => {
      const { batches, refusals } = decodeLogs(await readJson(context.env.incoming), Date.now());
      await store.ingestLogs(batches);
      if (refusals.count === 0) return context.json({});
      return context.json({
        partialSuccess: {
          rejectedLogRecords: String(refusals.count),
          errorMessage: refusals.message,
        },
      });
    });
}

async function readJson(request: IncomingMessage): Promise<unknown> {
  const type = (request.headers["content-type"] ?? "").split(";")[0]?.trim().toLowerCase();
  if (type !== "application/json")
    throw new SelvedgeError(
      "unsupported",
      "The content-type is not supported. Send OTLP's JSON encoding as application/json.",
    );
  const body = await readBody(request);
  try {
    return JSON.parse(body.toString("utf8"));
  } catch (cause) {
    throw new SelvedgeError("telemetry-invalid", "The body is not valid JSON.", { cause });
  }
}
