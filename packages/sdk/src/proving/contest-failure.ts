import { type ErrorCode, SelvedgeError } from "@selvedge/protocol";
import { isFailureOfPack } from "../serving/failure-of-pack.ts";
import type { Standing } from "../serving/ladder.ts";
import { Unjudged } from "./rivals.ts";
import type { Verdict } from "./verdict.ts";

/** Whether a failure says something of the candidate it was met with, and is worth remembering. */
export function isOfCandidate(error: unknown): error is SelvedgeError {
  return error instanceof SelvedgeError && isFailureOfPack(error);
}

/**
 * Whether a failure is remembered: it says something of the candidate, or took the GPU down, which is not
 * to happen on each visit.
 */
export function isRemembered(error: unknown): error is SelvedgeError {
  return isOfCandidate(error) || (error instanceof SelvedgeError && error.code === "device-lost");
}

/** What becomes of a candidate that failed: nothing is decided where it could not be tried. */
export function failureOf(
  error: unknown,
): Pick<Standing, "reason"> & { readonly state: "rejected" | "waiting"; readonly code: ErrorCode } {
  const reason = error instanceof Error ? error.message : String(error);
  const code = error instanceof SelvedgeError ? error.code : "session-failed";
  const isUntried = error instanceof Unjudged || code === "metered" || code === "network";
  return { state: isUntried ? "waiting" : "rejected", reason, code };
}

/** A failure that was remembered, as far as other candidates are judged by it. */
export function knownError({ code, reason }: Verdict): SelvedgeError {
  return new SelvedgeError(code === "no-candidate" ? code : "session-failed", reason);
}
