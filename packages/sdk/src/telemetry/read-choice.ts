import { SelvedgeError } from "@selvedge/protocol";
import type { Choice } from "./choice.ts";
import type { Outbox } from "./outbox.ts";

/** What browsers say that keep nothing at all for a page: no earlier visit can have chosen. */
const REFUSED_WHOLE = ["SecurityError", "NotSupportedError", "ReferenceError", "TypeError"];

/**
 * What the user has said about telemetry. Where IndexedDB is refused as a whole, nothing; where it is
 * there and cannot be read, that they want none: what they said may be in it.
 */
export async function choiceIn(outbox: Outbox): Promise<Choice | undefined> {
  try {
    return await outbox.choice();
  } catch (error) {
    return isRefusedWhole(error) ? undefined : "denied";
  }
}

function isRefusedWhole(error: unknown): boolean {
  const cause = error instanceof SelvedgeError ? error.cause : error;
  return cause instanceof Error && REFUSED_WHOLE.includes(cause.name);
}
