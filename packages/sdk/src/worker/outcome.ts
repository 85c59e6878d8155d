import { type ErrorCode, type ErrorDetail, SelvedgeError } from "@selvedge/protocol";

/**
 * How a call across a worker boundary ended. Errors cross as data, because comlink keeps only their
 * name, message and stack.
 */
export type Outcome<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly error: WireError };

/** An error as it crosses: `code` and `detail` only where it was a SelvedgeError. */
interface WireError {
  readonly name: string;
  readonly message: string;
  readonly stack?: string;
  readonly code?: ErrorCode;
  readonly detail?: ErrorDetail;
  readonly cause?: WireError;
}

/** Runs something and tells how it ended. Never rejects. */
export async function outcomeOf<T>(run: () => T | Promise<T>): Promise<Outcome<T>> {
  try {
    return { ok: true, value: await run() };
  } catch (error) {
    return { ok: false, error: toWireError(error) };
  }
}

/**
 * The value of a call that went well; throws the error of one that did not.
 *
 * @throws SelvedgeError `engine-crashed` for what is no outcome: whoever answered cannot be relied on.
 */
export function unwrap<T>(outcome: Outcome<T>): T {
  if (typeof outcome?.ok !== "boolean")
    throw new SelvedgeError(
      "engine-crashed",
      "A worker answered with what none of ours says. If it happens again, check that the worker's script is the one that came with this version.",
      { detail: { hasRun: true } },
    );
  if (outcome.ok) return outcome.value;
  throw fromWireError(outcome.error);
}

/** Causes may go round in a circle. */
const DEEPEST_CAUSE = 8;

function toWireError(error: unknown, depth = 0): WireError {
  if (!(error instanceof Error)) return { name: "Error", message: String(error) };
  return {
    name: error.name,
    message: error.message,
    ...(error.stack === undefined ? {} : { stack: error.stack }),
    ...(error instanceof SelvedgeError ? { code: error.code, detail: error.detail } : {}),
    ...(error.cause === undefined || depth === DEEPEST_CAUSE
      ? {}
      : { cause: toWireError(error.cause, depth + 1) }),
  };
}

function fromWireError(wire: WireError): Error {
  const cause = wire.cause === undefined ? undefined : fromWireError(wire.cause);
  const error = rebuild(wire, cause);
  if (wire.stack !== undefined && !(error instanceof DOMException))
    Object.defineProperty(error, "stack", { value: wire.stack, configurable: true });
  return error;
}

function rebuild({ name, message, code, detail }: WireError, cause: Error | undefined): Error {
  if (code !== undefined)
    return new SelvedgeError(code, message, {
      ...(cause === undefined ? {} : { cause }),
      ...(detail === undefined ? {} : { detail }),
    });
  if (name === "AbortError") return new DOMException(message, name);
  const error = new Error(message, cause === undefined ? undefined : { cause });
  error.name = name;
  return error;
}
