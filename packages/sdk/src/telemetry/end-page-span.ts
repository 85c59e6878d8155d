import { SelvedgeError, SPANS } from "@selvedge/protocol";
import { contextWith, type PageSpan, type PageTracer } from "./page-tracer.ts";
import { spanAttributes } from "./span-attributes.ts";
import { stagesOf } from "./span-stages.ts";
import type { Finished } from "./tracing.ts";

/** The status of what failed. */
const ERROR = 2;

/** Ends what a page's own tracer has begun, with its stages below it. */
export function endPageSpan(tracer: PageTracer, span: PageSpan, finished: Finished): void {
  const { operation, at, durationMs, error } = finished;
  const context = contextWith(span);
  for (const { name, fromMs, toMs } of stagesOf(finished)) {
    const options = { kind: 0, startTime: at + fromMs };
    tracer.startSpan(`${SPANS[operation]}.${name}`, options, context).end(at + toMs);
  }
  span.setAttributes(spanAttributes(finished));
  if (error instanceof SelvedgeError) span.setStatus({ code: ERROR, message: error.code });
  span.end(at + durationMs);
}
