import type { StatsAnswer } from "@selvedge/protocol";
import { SelvedgeError } from "@selvedge/protocol";
import { type Context, Hono } from "hono";
import type { Alerts } from "../alerts/start-alerts.ts";
import { nameClasses } from "../analysis/accuracy/name-classes.ts";
import type { ReadClassNames } from "../analysis/accuracy/read-class-names.ts";
import type { ReadFeedbackBlocks } from "../analysis/accuracy/read-feedback-blocks.ts";
import { summarizeFeedback } from "../analysis/accuracy/summarize-feedback.ts";
import { compareVersions } from "../analysis/compare-versions.ts";
import type { ReadDrift } from "../analysis/drift/create-drift-reader.ts";
import type { Asking, Store } from "../store/store.ts";
import { API_DOCUMENT } from "./openapi/api-document.ts";
import {
  parseComparison,
  parseDrift,
  parsePredictionId,
  parseSteppedWindow,
  parseWindow,
} from "./parse-query.ts";

/** What the routes ask. */
export interface ApiOptions {
  readonly store: Store;
  readonly readDrift: ReadDrift;
  readonly readFeedbackBlocks: ReadFeedbackBlocks;
  readonly readClassNames: ReadClassNames;
  readonly alerts: Pick<Alerts, "answer">;
  /** What the collector counts of itself. */
  readonly stats: () => Pick<StatsAnswer, "startedAt" | "received" | "refused" | "capped">;
  readonly now: () => number;
}

/** `GET /api/…`: what the dashboard shows, and `openapi/api-document.ts` describes. */
export function apiRoutes({
  store,
  readDrift,
  readFeedbackBlocks,
  readClassNames,
  alerts,
  stats,
  now,
}: ApiOptions): Hono {
  return new Hono()
    .use(async (context, next) => {
      await next();
      context.header("cache-control", "no-store");
    })
    .get("/openapi.json", (context) => context.json(API_DOCUMENT))
    .get("/models", async (context) =>
      context.json(
        await store.models(
          parseWindow(context.req.query(), now(), () => 0),
          askedBy(context),
        ),
      ),
    )
    .get("/predictions", async (context) =>
      context.json(
        await store.predictions(parseSteppedWindow(context.req.query(), now()), askedBy(context)),
      ),
    )
    .get("/predictions/:id", async (context) => {
      const id = parsePredictionId(context.req.param("id"));
      const found = await store.prediction(id, askedBy(context));
      if (found === undefined)
        throw new SelvedgeError("not-found", `Nothing of prediction ${id} was received.`);
      return context.json(found);
    })
    .get("/latency", async (context) =>
      context.json(
        await store.latency(parseSteppedWindow(context.req.query(), now()), askedBy(context)),
      ),
    )
    .get("/failures", async (context) =>
      context.json(await store.failures(parseWindow(context.req.query(), now()), askedBy(context))),
    )
    .get("/health", async (context) =>
      context.json(await store.health(parseWindow(context.req.query(), now()), askedBy(context))),
    )
    .get("/drift", async (context) => {
      const question = parseDrift(context.req.query(), now());
      const found = await readDrift(question, askedBy(context));
      if (found === undefined)
        throw new SelvedgeError(
          "not-found",
          `The registry has no ${question.model}@${question.version} to measure drift against.`,
        );
      return context.json(found.answer);
    })
    .get("/accuracy", async (context) => {
      const window = parseWindow(context.req.query(), now());
      const asking = askedBy(context);
      const live = await store.feedback(window, asking);
      // Of what nothing came no blocks are told: a model that nobody knows costs one question.
      const isAny = live.counts.length > 0 || live.errors.length > 0;
      const blocks = isAny ? await readFeedbackBlocks(window, asking) : [];
      return context.json(await nameClasses(summarizeFeedback(live, blocks), readClassNames));
    })
    .get("/comparison", async (context) => {
      const { a, b, ...window } = parseComparison(context.req.query(), now());
      const asking = askedBy(context);
      const [figures, feedback] = await Promise.all([
        store.figures(window, asking),
        store.feedback(window, asking),
      ]);
      return context.json(compareVersions({ model: window.model, a, b }, figures, feedback));
    })
    .get("/alerts", async (context) => context.json(await alerts.answer()))
    .get("/stats", async (context) => {
      const { bytes, rows } = await store.size();
      return context.json({ ...stats(), bytesOnDisk: bytes, rows } satisfies StatsAnswer);
    });
}

/** A question lasts as long as its request: whoever closes a page waits for nothing any more. */
function askedBy({ req }: Context): Asking {
  return { signal: req.raw.signal };
}
