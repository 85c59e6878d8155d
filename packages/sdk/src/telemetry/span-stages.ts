import type { Finished } from "./tracing.ts";

/** A part of an operation; milliseconds count from its beginning. */
export interface Stage {
  readonly name: string;
  readonly fromMs: number;
  readonly toMs: number;
}

/**
 * The stages of an operation that succeeded. What happened in workers is known by how long it took: it
 * is laid out in the order in which it must have happened. What took no time is left out.
 */
export function stagesOf(finished: Finished): Stage[] {
  const { call, served, operation, durationMs } = finished;
  const stages =
    operation === "load"
      ? served && loadStages(served, finished)
      : call && predictStages(call.timings);
  return (stages ?? [])
    .map(({ name, fromMs, toMs }) => ({
      name,
      fromMs: Math.max(0, fromMs),
      toMs: Math.min(toMs, durationMs),
    }))
    .filter(({ fromMs, toMs }) => toMs > fromMs);
}

/** What is neither waiting nor running went there and back, half of it each way. */
function predictStages({
  queueMs,
  runMs,
  totalMs,
}: NonNullable<Finished["call"]>["timings"]): Stage[] {
  const runsFrom = queueMs + Math.max(0, totalMs - queueMs - runMs) / 2;
  return [
    { name: "queue", fromMs: 0, toMs: queueMs },
    { name: "run", fromMs: runsFrom, toMs: runsFrom + runMs },
  ];
}

/** The session is created last. Before it the pack is read: at once where it was stored, or once fetched. */
function loadStages(
  { opened: { scriptAt }, timings }: NonNullable<Finished["served"]>,
  { calledAt, durationMs }: Finished,
): Stage[] {
  const { spawnMs, resolveMs, fetchMs, compileMs, importMs, readMs, createMs, wakeMs } = timings;
  // Below 0 where an earlier load has started the worker: what it did then is none of this one's.
  const scriptMs = scriptAt - performance.timeOrigin - calledAt;
  const createsFrom = durationMs - createMs;
  const isStored = resolveMs + fetchMs === 0;
  const readsFrom = isStored ? Math.max(0, scriptMs) : createsFrom - readMs;
  const fetchesFrom = readsFrom - fetchMs;
  return [
    { name: "spawn", fromMs: 0, toMs: spawnMs },
    { name: "resolve", fromMs: fetchesFrom - resolveMs, toMs: fetchesFrom },
    { name: "fetch", fromMs: fetchesFrom, toMs: readsFrom },
    { name: "compile", fromMs: scriptMs, toMs: scriptMs + compileMs },
    { name: "import", fromMs: scriptMs, toMs: scriptMs + importMs },
    { name: "read", fromMs: readsFrom, toMs: Math.min(readsFrom + readMs, createsFrom) },
    { name: "create", fromMs: createsFrom, toMs: durationMs },
    { name: "wake", fromMs: createsFrom - wakeMs, toMs: createsFrom },
  ];
}
