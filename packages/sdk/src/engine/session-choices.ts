import type { SessionSettings } from "../worker/engine-api.ts";

/**
 * How sessions may be created, the usual way first: it is what a device that has measured nothing takes.
 * Runtimes are fitted to all of them.
 */
export const SESSION_CHOICES: readonly SessionSettings[] = [
  {},
  { graphOptimizationLevel: "disabled" },
  { graphOptimizationLevel: "disabled", prepacking: false },
];
