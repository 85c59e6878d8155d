import { SelvedgeError } from "@selvedge/protocol";

/** What a question rejects with whose signal aborts. */
export function givenUp(): SelvedgeError {
  return new SelvedgeError("closed", "The question was given up: whoever asked it went away.");
}
