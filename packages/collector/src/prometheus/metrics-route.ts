import { Hono } from "hono";
import { collectFamilies, type Figures } from "./collect-families.ts";
import { EXPOSITION_TYPE, writeExposition } from "./exposition.ts";

/** How long figures are good for: whoever asks more often is answered the same. */
const FRESH_MS = 5000;

/** `GET /metrics`: what Prometheus scrapes. */
export function metricsRoute(readFigures: () => Promise<Figures>, now: () => number): Hono {
  let kept: { readonly at: number; readonly text: Promise<string> } | undefined;
  const write = async () => writeExposition(collectFamilies(await readFigures()));
  return new Hono().get("/metrics", async (context) => {
    if (kept === undefined || now() - kept.at >= FRESH_MS) {
      const asked = { at: now(), text: write() };
      kept = asked;
      // What failed is asked for again.
      asked.text.catch(() => {
        if (kept === asked) kept = undefined;
      });
    }
    return context.body(await kept.text, 200, {
      "content-type": EXPOSITION_TYPE,
      "cache-control": "no-store",
    });
  });
}
