import { Worker } from "node:worker_threads";

/** Ends the process when one piece of synchronous work takes too long: no timer runs meanwhile. */
export interface Watchdog {
  /** Starts the clock anew; `what` is what is said if it runs out. */
  watch(what: string): void;
  stop(): Promise<void>;
}

const SOURCE = `
const { parentPort, workerData } = require("node:worker_threads");
let timer;
parentPort.on("message", (what) => {
  clearTimeout(timer);
  timer = setTimeout(() => {
    require("node:fs").writeSync(2, what + " hung\\n");
    process.kill(process.pid, "SIGKILL");
  }, workerData);
});`;

export function startWatchdog(deadlineMs: number): Watchdog {
  const worker = new Worker(SOURCE, { eval: true, workerData: deadlineMs });
  return {
    watch: (what) => worker.postMessage(what),
    stop: async () => {
      await worker.terminate();
    },
  };
}
