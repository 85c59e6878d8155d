import { type ErrorCode, SelvedgeError } from "@selvedge/protocol";

/** What leaves an engine worker in no state to be used again. */
const CODES: readonly ErrorCode[] = [
  "engine-crashed",
  "engine-timeout",
  "device-lost",
  "out-of-memory",
];

/**
 * Whether an error says that its engine worker is broken, and not only that it refused something. A
 * runtime that could not be initialised, of which `detail.isBroken` tells, stays so in its worker.
 */
export function breaksEngine(error: unknown): error is SelvedgeError {
  if (!(error instanceof SelvedgeError)) return false;
  return CODES.includes(error.code) || error.detail["isBroken"] === true;
}

/** An engine worker answered something that is no answer to what it was asked. */
export function foreignAnswer(asked: string): SelvedgeError {
  return new SelvedgeError(
    "engine-crashed",
    `The engine worker's answer to "${asked}" makes no sense: its script may be of another version of Selvedge. If it happens again, host the workers that came with this one.`,
    { detail: { hasRun: true } },
  );
}
