import { type Remote, wrap } from "comlink";
import type { VisionApi } from "../vision/vision-api.ts";

/** The vision worker, as the page calls it. */
export type Vision = Remote<VisionApi>;

/** Starts the vision worker. `onCrash` is told if it cannot start or dies: no call is answered then. */
export function openVision(onCrash: (error: Error) => void): Vision {
  const worker = new Worker(new URL("../vision/vision-worker.ts", import.meta.url), {
    type: "module",
    name: "vision",
  });
  worker.addEventListener("error", (event) => {
    onCrash(new Error(`The page's picture worker stopped: ${event.message || "it did not start"}`));
  });
  return wrap<VisionApi>(worker);
}
