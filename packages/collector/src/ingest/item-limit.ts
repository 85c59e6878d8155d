import { SelvedgeError } from "@selvedge/protocol";

/** The most points or records one request may bring; it bounds the work of refusing them. */
const MAX_ITEMS = 10_000;

/**
 * Counts the items of one request.
 *
 * @returns a function that counts some more, and throws SelvedgeError `telemetry-too-large` once
 * there are too many.
 */
export function createItemLimit(): (items: number) => void {
  let seen = 0;
  return (items) => {
    seen += items;
    if (seen > MAX_ITEMS)
      throw new SelvedgeError(
        "telemetry-too-large",
        `The request has more than ${MAX_ITEMS} points or records. Send them in several requests.`,
      );
  };
}
