import type { WakeStep } from "../worker/engine-api.ts";
import type { MemoryBudget } from "./memory-budget.ts";

/** What is known of a living engine worker when it is asked which of them should end. */
export interface EngineLoad {
  /** What it holds, in bytes. */
  readonly bytes: number;
  /** What it held after the first run since a session was last opened in it. */
  readonly openedBytes: number;
  /** What the sessions that are open in it are estimated at. */
  readonly heldBytes: number;
  /** The most that `heldBytes` has been. WebAssembly's memory never shrinks. */
  readonly peakHeldBytes: number;
  readonly sessions: number;
  /** Calls it has answered. */
  readonly runs: number;
  /** Whether other models may open sessions in it. */
  readonly isShared: boolean;
  /** What may be woken in it. */
  readonly wake: WakeStep;
  /** Whether it is there for a proof, a race or a rehearsal: it ends with that, and by itself. */
  readonly isOnTrial: boolean;
  /** Whether a call runs or waits in it, or a session is about to be opened. */
  readonly isBusy: boolean;
  /** When its last call ended: `performance.now()`. */
  readonly usedAt: number;
}

/** Why a worker is to end. */
export type Ending = "suspended" | "recycled";

/**
 * Milliseconds without a call before an engine may end. Models that are used in turn, and are together
 * over the budget, would otherwise be opened for every single call.
 */
export const REST_MS = 2_000;

/** What is smaller than this is not worth opening again for. */
const WORTH_BYTES = 64 * 2 ** 20;

/** What a worker may grow by from what it took to open its sessions. */
const GROWTH = 2;
const GROWN_BYTES = 256 * 2 ** 20;

/** So far past a mark, a worker that is never at rest is not waited for any more. */
const FAR = 1.5;

/**
 * Which workers are to end, and why. Only one that is at rest is suspended. The one that was used last
 * stays where it holds a single model: a model that is alone over the budget runs all the same.
 */
export function endingsOf<Load extends EngineLoad>(
  all: readonly Load[],
  budget: MemoryBudget,
  now: number,
): Map<Load, Ending> {
  // What is only tried must not push out what serves, nor make it look as if it were not in use.
  const loads = all.filter(({ isOnTrial }) => !isOnTrial);
  const endings = new Map<Load, Ending>();
  const rested = loads
    .filter((load) => !load.isBusy && load.sessions > 0 && now - load.usedAt >= REST_MS)
    .sort((a, b) => a.usedAt - b.usedAt);
  for (const load of loads)
    if (isWornOut(load, budget, rested.includes(load) ? 1 : FAR)) endings.set(load, "recycled");
  const lastUse = (load: Load) => (load.isBusy ? now : load.usedAt);
  const latest = loads.reduce((last, load) => Math.max(last, lastUse(load)), 0);
  const isLeft = (load: Load) => !endings.has(load);
  const left = () => loads.filter(isLeft);
  for (const load of rested.filter(isLeft)) {
    const isAlone = load.usedAt === latest && load.sessions === 1;
    // Those that were woken count, but only another that is shared can take on its models.
    const serving = left().filter((one) => one.isShared || one.wake !== "none");
    const hasOther = serving.some((one) => one.isShared && one !== load);
    const isTooMany = load.isShared && serving.length > budget.engines && hasOther;
    const isOver = load.bytes > 0 && bytesOf(left()) > budget.budgetBytes;
    if (isTooMany || (isOver && !isAlone)) endings.set(load, "suspended");
  }
  return endings;
}

/** The worker that a session is opened in where no other may be started: the least busy, then the smallest. */
export function leastLoaded<Load extends EngineLoad>(loads: readonly Load[]): Load | undefined {
  return [...loads].sort(
    (a, b) => Number(a.isBusy) - Number(b.isBusy) || a.sessions - b.sessions || a.bytes - b.bytes,
  )[0];
}

/** What workers hold together. */
export function bytesOf(loads: readonly Pick<EngineLoad, "bytes">[]): number {
  return loads.reduce((sum, { bytes }) => sum + bytes, 0);
}

/** Whether a fresh worker would hold the same models in much less, or was asked for. */
function isWornOut(
  { bytes, openedBytes, heldBytes, peakHeldBytes, runs }: EngineLoad,
  { budgetBytes, recycleAfterRuns }: MemoryBudget,
  patience: number,
): boolean {
  if (runs >= recycleAfterRuns * patience) return true;
  if (bytes < WORTH_BYTES) return false;
  const mark = Math.min(GROWN_BYTES, budgetBytes / 2);
  const grownTo = Math.max(mark, openedBytes * GROWTH) * patience;
  return (openedBytes > 0 && bytes >= grownTo) || (patience === 1 && heldBytes < peakHeldBytes / 2);
}
