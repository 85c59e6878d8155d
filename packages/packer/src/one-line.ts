/** More than this of a message says nothing more. */
const LONGEST = 500;

/** A text that holds names from a file, as one line of a message. */
export function oneLine(text: string): string {
  return text.replace(/[\p{Cc}\s]+/gu, " ").slice(0, LONGEST);
}
