import type { Field } from "@selvedge/protocol";
import type { Retention } from "../store/store.ts";
import { DEFAULT_CONFIG } from "./collector-config.ts";
import { expectKnownKeys } from "./known-keys.ts";

/** A century: what is longer was meant to be something else. */
const MAX_HOURS = 876_600;

/**
 * Reads the section `retention`: hours, by what is kept. What it lacks is as in `DEFAULT_CONFIG`.
 *
 * @throws SelvedgeError that names the field that is wrong.
 */
export function readRetention(field: Field): Retention {
  const defaults = DEFAULT_CONFIG.retention;
  expectKnownKeys(field, Object.keys(defaults));
  const hours = (name: keyof Retention) =>
    field.at(name).optional((one) => one.integer({ min: 1, max: MAX_HOURS })) ?? defaults[name];
  return {
    rawHours: hours("rawHours"),
    minuteHours: hours("minuteHours"),
    hourHours: hours("hourHours"),
    batchHours: hours("batchHours"),
  };
}
