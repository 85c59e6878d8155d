import { ATTRIBUTES, PREDICTION, SelvedgeError } from "@selvedge/protocol";
import { rungOf, subjectOf } from "../serving/served.ts";
import type { Finished } from "./tracing.ts";

/** What a span says of what it was: of what failed, its code. */
export function spanAttributes({
  served,
  call,
  subject,
  error,
}: Finished): Record<string, string | number> {
  const of = served === undefined ? subject : subjectOf(served.opened, rungOf(served));
  const { id } = call ?? {};
  const { queueMs, runMs, totalMs } = call?.timings ?? {};
  return known({
    [ATTRIBUTES.model]: of?.model,
    [ATTRIBUTES.version]: of?.version,
    [ATTRIBUTES.dtype]: of?.dtype,
    [ATTRIBUTES.backend]: of?.backend,
    [PREDICTION.digest]: served?.opened.digest,
    [PREDICTION.id]: id,
    [PREDICTION.queueMs]: queueMs,
    [PREDICTION.runMs]: runMs,
    [PREDICTION.totalMs]: totalMs,
    [ATTRIBUTES.error]: nameOf(error),
  });
}

/** A code of ours, or what a signal aborts with. Reasons of the app's own are not told, nor is a message. */
function nameOf(error: unknown): string | undefined {
  if (error === undefined) return undefined;
  if (error instanceof SelvedgeError) return error.code;
  const name = error instanceof Error ? error.name : "";
  return ["AbortError", "TimeoutError"].includes(name) ? name : "_OTHER";
}

function known<T>(values: Readonly<Record<string, T | undefined>>): Record<string, T> {
  return Object.fromEntries(
    Object.entries(values).flatMap(([key, value]) => (value === undefined ? [] : [[key, value]])),
  );
}
