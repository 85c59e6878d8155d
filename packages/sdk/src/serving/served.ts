import type { Subject } from "../telemetry/recorder.ts";
import type { PackStorage } from "../worker/keeper-api.ts";
import type { EngineHost } from "./engine-host.ts";
import type { Ladder, Rung } from "./ladder.ts";
import type { HostOpened } from "./pack-opener.ts";

/**
 * How long each stage of loading took, in milliseconds. Several happen at once: the worker compiles and
 * imports its runtime while it reads the pack, so that they do not add up to the total.
 */
export interface LoadTimings {
  /** From the call of `load` until the engine worker's script ran; 0 where it ran already. */
  readonly spawnMs: number;
  /** 0 where the store had everything. */
  readonly resolveMs: number;
  /** 0 where the store had everything. */
  readonly fetchMs: number;
  /** The runtime's wasm: fetched, and compiled unless the browser had that cached. */
  readonly compileMs: number;
  /** The runtime's scripts. */
  readonly importMs: number;
  /** The pack, read from the store and verified. */
  readonly readMs: number;
  /** The session: created, or woken. */
  readonly createMs: number;
  /** Reading the image of an engine into memory, before that; 0 where none was woken. */
  readonly wakeMs: number;
  readonly totalMs: number;
}

/** A version that answers, and where. */
export interface Served {
  readonly host: EngineHost;
  readonly opened: HostOpened;
  /** What came before its pack did is in memory until that is whole. */
  storage?: PackStorage | undefined;
  readonly timings: LoadTimings;
  readonly ladder: Ladder;
}

/** What waking took, of what was woken. */
export function wakeMsOf(waking: HostOpened["waking"]): number {
  const { readMs, restoreMs } = waking?.image ?? { readMs: 0, restoreMs: 0 };
  return readMs + restoreMs;
}

/** Where it answers, on its ladder. */
export function rungOf({ host, opened }: Served): Rung {
  return { place: host.place, dtype: opened.dtype };
}

/** What is measured, on one rung of a version. */
export function subjectOf(
  { name, version }: Pick<HostOpened, "name" | "version">,
  { place: { backend }, dtype }: Rung,
): Subject {
  return { model: name, version, dtype, backend };
}
