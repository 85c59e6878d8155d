import { SelvedgeError } from "@selvedge/protocol";
import { type CallLimits, ModelWorker } from "../runtime/model-worker.ts";
import { CALL_MARK } from "../wasm/count-calls.ts";
import type { Trial, TrialResult } from "./trial-request.ts";

/** How long a trial may take, and what gives it up. */
export type TrialLimits = Omit<CallLimits, "tooLate">;

/**
 * Puts a session through some steps, in a thread and a runtime of its own.
 *
 * @throws Error in the runtime's words, the signal's reason, or SelvedgeError `engine-timeout`.
 */
export async function runTrial(trial: Trial, limits: TrialLimits): Promise<TrialResult> {
  const worker = new ModelWorker("trial");
  try {
    const request = { ageMs: 0, ...trial, kind: "try", mark: CALL_MARK } as const;
    return await worker.call(request, { ...limits, tooLate: () => tooLate(limits.timeoutMs) });
  } finally {
    await worker.end();
  }
}

function tooLate(timeoutMs: number): SelvedgeError {
  return new SelvedgeError(
    "engine-timeout",
    `The model did not load and answer within ${timeoutMs / 1000} s. Give it more time with --timeout SECONDS.`,
  );
}
