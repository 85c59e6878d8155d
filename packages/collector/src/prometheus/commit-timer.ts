import type { Store } from "../store/store.ts";
import type { Sample } from "./exposition.ts";

/** Upper bounds of the buckets, in seconds. */
const BOUNDS_S = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** How long batches took to become durable, as a histogram for Prometheus. */
export interface CommitTimer {
  /** The same store, whose writing is timed. */
  readonly store: Store;
  readonly samples: () => Sample[];
}

/**
 * Times how long a store takes to make batches durable.
 *
 * @param nowMs a clock that never goes back
 */
export function timeCommits(
  store: Store,
  nowMs: () => number = () => performance.now(),
): CommitTimer {
  const counts = [...BOUNDS_S, Number.POSITIVE_INFINITY].map(() => 0);
  let sum = 0;
  const timed =
    <T>(write: (batches: readonly T[]) => Promise<void>) =>
    async (batches: readonly T[]) => {
      const begun = nowMs();
      await write(batches);
      const seconds = (nowMs() - begun) / 1000;
      sum += seconds;
      const place = BOUNDS_S.findIndex((bound) => seconds <= bound);
      const bucket = place === -1 ? BOUNDS_S.length : place;
      counts[bucket] = (counts[bucket] ?? 0) + 1;
    };
  return {
    store: {
      ...store,
      ingestMetrics: timed(store.ingestMetrics),
      ingestLogs: timed(store.ingestLogs),
      ingestTraces: timed(store.ingestTraces),
    },
    samples: () => {
      let total = 0;
      const buckets = counts.map((count, place): Sample => {
        total += count;
        const le = String(BOUNDS_S[place] ?? "+Inf");
        return { suffix: "_bucket", labels: { le }, value: total };
      });
      return [...buckets, { suffix: "_sum", value: sum }, { suffix: "_count", value: total }];
    },
  };
}
