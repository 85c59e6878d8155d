import { SelvedgeError } from "@selvedge/protocol";

/**
 * The most values of one body. Two or three bytes are enough for an empty list or message, which takes
 * thirty times as much in memory, and a second of everyone's time; telemetry has ten bytes and more to
 * each.
 */
export const MAX_VALUES = 1_000_000;

/** The error of a body that holds more. */
export function tooManyValues(): SelvedgeError {
  return new SelvedgeError(
    "telemetry-too-large",
    `The request holds more than ${MAX_VALUES} values. Send it in several requests.`,
  );
}

const [COMMA, BRACE, BRACKET] = [0x2c, 0x7b, 0x5b];

/**
 * Bounds how many values JSON can hold before it is parsed. Characters of texts count as well.
 *
 * @throws SelvedgeError `telemetry-too-large`
 */
export function expectFewValues(json: Buffer): void {
  if (json.length <= MAX_VALUES) return;
  let values = 0;
  for (const byte of json) if (byte === COMMA || byte === BRACE || byte === BRACKET) values += 1;
  if (values > MAX_VALUES) throw tooManyValues();
}
