import { setTimeout as waitFor } from "node:timers/promises";
import type { AlertsOptions } from "./start-alerts.ts";

/** Clock, timers and network as they are. */
export const SYSTEM_EDGE: Pick<AlertsOptions, "fetch" | "now" | "wait" | "every"> = {
  fetch,
  now: Date.now,
  wait: async (ms, signal) => {
    await waitFor(ms, undefined, { signal }).catch(() => undefined);
  },
  every: (ms, run) => {
    const timer = setInterval(run, ms);
    const first = setImmediate(run);
    // The server keeps the process alive; alerts alone are no reason to.
    timer.unref();
    return () => {
      clearImmediate(first);
      clearInterval(timer);
    };
  },
};
