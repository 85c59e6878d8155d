import type { HttpBindings } from "@hono/node-server";
import { SelvedgeError } from "@selvedge/protocol";
import { Hono } from "hono";
import { cors } from "hono/cors";
import type { Guard } from "../access/guard.ts";
import type { CollectorConfig } from "../config/collector-config.ts";
import { describeFailure } from "../failure.ts";
import type { Store } from "../store/store.ts";
import { admitMetrics } from "./admission/admit-metrics.ts";
import type { LabelBounds } from "./admission/label-bounds.ts";
import { busy, createByteBudget } from "./byte-budget.ts";
import { encodingOf, FALLBACK_ENCODING } from "./encodings.ts";
import type { IngestCounts } from "./ingest-counts.ts";
import { readBody } from "./read-body.ts";
import { signalsOf } from "./signals.ts";
import { createTurns } from "./take-turns.ts";

/** Requests that have arrived and are being stored at a time; more are asked to come back. */
const MAX_IN_FLIGHT = 256;

/** Bodies that are unpacked at a time: as many as Node has threads for it. */
const MAX_UNPACKING = 4;

/** How long a browser remembers that it may send, in seconds; none remembers for longer. */
const PREFLIGHT_AGE_S = 7200;

/** What the routes are given. */
export interface IngestOptions {
  readonly store: Store;
  readonly guard: Guard;
  readonly config: CollectorConfig;
  readonly counts: IngestCounts;
  readonly bounds: LabelBounds;
}

/** `POST /v1/metrics`, `/v1/logs`, `/v1/traces`: OTLP/HTTP. Answers once a batch is durable. */
export function ingestRoutes({
  store,
  guard,
  config,
  counts,
  bounds,
}: IngestOptions): Hono<{ Bindings: HttpBindings }> {
  const budget = createByteBudget(config.limits.bodyBytes);
  const unpackInTurn = createTurns(MAX_UNPACKING);
  const { origins } = config.cors;
  let inFlight = 0;
  /** Of what has arrived: whoever sends slowly takes nobody's place. */
  const whileThereIsRoom = async <T>(work: () => Promise<T>): Promise<T> => {
    if (inFlight >= MAX_IN_FLIGHT) throw busy();
    inFlight += 1;
    try {
      return await work();
    } finally {
      inFlight -= 1;
    }
  };
  const routes = new Hono<{ Bindings: HttpBindings }>()
    .use(
      // Outermost, for a page can read neither an answer nor when to come back without it.
      cors({
        origin: origins.includes("*") ? "*" : [...origins],
        allowMethods: ["POST"],
        exposeHeaders: ["retry-after"],
        maxAge: PREFLIGHT_AGE_S,
      }),
    )
    .use(guard)
    .onError((error, context) => {
      const failure = describeFailure(error);
      if (failure.status === 401) context.header("www-authenticate", "Bearer");
      if (failure.retryAfterS !== undefined)
        context.header("retry-after", String(failure.retryAfterS));
      const encoding = encodingOf(context.req.header("content-type")) ?? FALLBACK_ENCODING;
      return encoding.fail(context, failure);
    });
  for (const signal of signalsOf(store, (batch, nowMs) => admitMetrics(batch, bounds, nowMs)))
    routes.post(`/${signal.name}`, async (context) => {
      const held = budget.open();
      try {
        const encoding = encodingOf(context.req.header("content-type"));
        if (encoding === undefined) throw unknownType();
        const body = await readBody(context.env.incoming, { held, unpackInTurn });
        const refusals = await whileThereIsRoom(async () => {
          const brought = signal.decode(encoding.read(body, signal), Date.now());
          await brought.store();
          counts.received[signal.name] += brought.kept;
          counts.refused[signal.name] += brought.refusals.count;
          return brought.refusals;
        });
        return encoding.answer(context, signal, refusals);
      } finally {
        held.release();
      }
    });
  return routes;
}

function unknownType(): SelvedgeError {
  return new SelvedgeError(
    "unsupported",
    "The content-type is not supported. Send OTLP as application/json or application/x-protobuf.",
  );
}
