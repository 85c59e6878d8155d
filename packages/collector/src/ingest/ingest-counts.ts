import type { StatsAnswer } from "@selvedge/protocol";
import type { Signal } from "./signals.ts";

type BySignal = Record<Signal["name"], number>;

/** What was received and refused since the collector started: points, records and spans. */
export interface IngestCounts extends Pick<StatsAnswer, "received" | "refused"> {
  readonly received: BySignal;
  readonly refused: BySignal;
}

/** Counts that begin at zero. */
export function createIngestCounts(): IngestCounts {
  return {
    received: { metrics: 0, logs: 0, traces: 0 },
    refused: { metrics: 0, logs: 0, traces: 0 },
  };
}
