import type { Field } from "@selvedge/protocol";
import type { Room } from "../store/store.ts";
import { DEFAULT_CONFIG } from "./collector-config.ts";
import { expectKnownKeys } from "./known-keys.ts";

/** With less DuckDB cannot join the tables of a small fleet. */
const MIN_MEMORY_BYTES = 128 * 1024 * 1024;

/**
 * Reads the section `store`: bytes of memory and of temporary files. What it lacks is as in
 * `DEFAULT_CONFIG`.
 *
 * @throws SelvedgeError that names the field that is wrong.
 */
export function readRoom(field: Field): Room {
  const defaults = DEFAULT_CONFIG.store;
  expectKnownKeys(field, Object.keys(defaults));
  const bytes = (name: keyof Room, min: number) =>
    field.at(name).optional((one) => one.integer({ min })) ?? defaults[name];
  return {
    memoryBytes: bytes("memoryBytes", MIN_MEMORY_BYTES),
    temporaryBytes: bytes("temporaryBytes", 0),
  };
}
