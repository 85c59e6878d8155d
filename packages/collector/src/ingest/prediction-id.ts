import { PREDICTION } from "@selvedge/protocol";
import type { DecodedAttributes } from "./decode-attributes.ts";

const MAX_ID_CHARS = 128;

/** What `decodeAttributes` has to take for `predictionOf`. */
export const PREDICTION_KEYS: ReadonlySet<string> = new Set([PREDICTION.id]);

/** The prediction that a record or a span tells of; what is no id is none. */
export function predictionOf(taken: DecodedAttributes["taken"]): string | undefined {
  const id = taken[PREDICTION.id];
  return typeof id === "string" && id !== "" && id.length <= MAX_ID_CHARS ? id : undefined;
}
