import { SelvedgeError } from "./selvedge-error.ts";

/** The elements of a string tensor as bytes: a JSON list, in UTF-8. */
export function encodeStrings(strings: readonly string[]): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(JSON.stringify(strings));
}

/**
 * The elements of a string tensor.
 *
 * @param count how many there have to be
 * @throws SelvedgeError `manifest-invalid` for bytes that are no list of so many strings.
 */
export function parseStrings(bytes: Uint8Array, count: number): string[] {
  let list: unknown;
  try {
    list = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch {
    // Said below, as of any other bytes that are no such list.
  }
  const isText = (item: unknown): item is string => typeof item === "string";
  if (Array.isArray(list) && list.length === count && list.every(isText)) return list;
  throw new SelvedgeError(
    "manifest-invalid",
    `A golden tensor of ${count} strings is no list of so many. Pack the model again under a new version.`,
  );
}
