import type { PackStorage } from "../worker/keeper-api.ts";
import type { EngineHost, HostOpened } from "./engine-host.ts";
import type { Ladder, Rung } from "./ladder.ts";

/** Milliseconds. `resolveMs` and `fetchMs` are 0 where the store had everything. */
export interface LoadTimings {
  readonly resolveMs: number;
  readonly fetchMs: number;
  readonly compileMs: number;
  readonly readMs: number;
  readonly createMs: number;
  readonly totalMs: number;
}

/** A version that answers, and where. */
export interface Served {
  readonly host: EngineHost;
  readonly opened: HostOpened;
  readonly storage?: PackStorage | undefined;
  readonly timings: LoadTimings;
  readonly ladder: Ladder;
}

/** Where it answers, on its ladder. */
export function rungOf({ host, opened }: Served): Rung {
  return { place: host.place, dtype: opened.dtype };
}
