import type { ErrorCode, SelvedgeError } from "@selvedge/protocol";

/** What opening or proving a pack fails with where that is the pack's fault on this device. */
const CODES: readonly ErrorCode[] = [
  "no-candidate",
  "session-failed",
  "run-failed",
  "engine-crashed",
  "engine-timeout",
  "out-of-memory",
];

/** Whether a pack that is tried again on this device would fail again. */
export function isFailureOfPack({ code, detail }: SelvedgeError): boolean {
  // A worker whose script could not be loaded has not seen the pack.
  return CODES.includes(code) && (code !== "engine-crashed" || detail["hasRun"] === true);
}
