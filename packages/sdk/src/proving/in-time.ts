import { SelvedgeError } from "@selvedge/protocol";
import { eitherOf } from "../serving/either-of.ts";
import { patientTimer } from "../worker/patient-timer.ts";

/** What one step may take: proving on a slow device runs the model for the first time, shaders and all. */
export const TRIAL_TIMEOUT_MS = 120_000;

/**
 * Gives something up that takes too long.
 *
 * @param run is given what fires then, or with `signal`
 * @throws SelvedgeError `engine-timeout`, by way of the signal
 */
export async function inTime<T>(
  { timeoutMs, signal }: { readonly timeoutMs: number; readonly signal: AbortSignal },
  run: (until: AbortSignal) => Promise<T>,
): Promise<T> {
  const deadline = new AbortController();
  const end = patientTimer(timeoutMs, () => {
    const message = `Proving took longer than ${timeoutMs / 1000} s, and was given up.`;
    deadline.abort(new SelvedgeError("engine-timeout", message));
  });
  try {
    return await run(eitherOf(signal, deadline.signal));
  } finally {
    end();
  }
}
