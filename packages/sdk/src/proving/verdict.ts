import { isRecord } from "../is-record.ts";
import type { InputDims } from "../worker/engine-api.ts";
import type { VerdictRecord } from "../worker/keeper-api.ts";

/**
 * What was found out about a candidate on this device. Whoever measures more may add fields of their
 * own: they have to be read as `soundVerdict` reads these.
 */
export interface Verdict {
  readonly outcome: "proven" | "failed";
  readonly reason: string;
  /** What it failed with. */
  readonly code?: string;
  /** The largest that it was proven at; empty: those of the golden inputs. */
  readonly dims: InputDims;
  /** Median of warm runs in milliseconds, where it was timed. */
  readonly runMs?: number;
  /** Its run time as a share of that of the place that serves first: below 1 it is faster. */
  readonly share?: number;
  /** Milliseconds since 1970. */
  readonly at: number;
  /** How often it was relied on since. */
  readonly loads: number;
}

/** A verdict as it is stored. */
export interface StoredVerdict extends Verdict, VerdictRecord {
  /** What it was found out with: runtime, adapter, browser. With others it says nothing. */
  readonly under: string;
}

const RECHECK_LOADS = 20;
const RECHECK_AFTER_MS = 7 * 24 * 60 * 60 * 1000;

/**
 * Whether a candidate that was right has to be proven again: drivers and browsers change in ways that
 * none of them tells.
 */
export function isDue({ at, loads }: Verdict, now: number): boolean {
  // A clock that was set back must not make a verdict last for ever.
  return loads >= RECHECK_LOADS || Math.abs(now - at) >= RECHECK_AFTER_MS;
}

/** A GPU may be lost to something else, too: it is tried again, but not on each visit. */
const LOST_FOR_MS = 24 * 60 * 60 * 1000;

/** Whether a failure says nothing any more: the GPU was lost with it, and that is long ago. */
export function isForgiven({ outcome, code, at }: Verdict, now: number): boolean {
  return outcome === "failed" && code === "device-lost" && Math.abs(now - at) >= LOST_FOR_MS;
}

/** A verdict as it was stored, or none where it has been damaged: then it is found out again. */
export function soundVerdict(stored: unknown): StoredVerdict | undefined {
  if (!isRecord(stored)) return undefined;
  const { digest, candidate, under, outcome, reason, dims } = stored;
  const { code, runMs, share, at, loads } = stored;
  if (!areTexts(digest, candidate, under, reason) || !areCounts(at, loads)) return undefined;
  if (outcome !== "proven" && outcome !== "failed") return undefined;
  if (!isDims(dims)) return undefined;
  const texts = { digest, candidate, under, reason } as Pick<
    StoredVerdict,
    "digest" | "candidate" | "under" | "reason"
  >;
  const counts = { at, loads } as Pick<StoredVerdict, "at" | "loads">;
  return {
    ...texts,
    ...counts,
    outcome,
    dims,
    ...(typeof code === "string" ? { code } : {}),
    ...(isMeasure(runMs) ? { runMs } : {}),
    ...(isMeasure(share) ? { share } : {}),
  };
}

function areTexts(...values: unknown[]): boolean {
  return values.every((value) => typeof value === "string");
}

function areCounts(...values: unknown[]): boolean {
  return values.every((value) => Number.isSafeInteger(value) && Number(value) >= 0);
}

function isMeasure(value: unknown): value is number {
  return typeof value === "number" && Number.isFinite(value) && value >= 0;
}

/** What was made up here would have an engine allocate whatever it says; the app's own calls bound it. */
function isDims(value: unknown): value is InputDims {
  return (
    isRecord(value) &&
    Object.values(value).every((dims) => Array.isArray(dims) && areCounts(...dims))
  );
}
