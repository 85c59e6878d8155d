import errors from "../../../../docs/errors.md?raw";
import { type ErrorMeaning, parseErrorTable } from "./parse-error-table.ts";

/** What each code means. A chunk of its own: only the page of failures needs it. */
export const ERROR_MEANINGS: ReadonlyMap<string, ErrorMeaning> = new Map(
  parseErrorTable(errors).map((meaning) => [meaning.code, meaning]),
);
