/** A text in which names from outside can neither break the line nor speak to the terminal. */
export function printable(text: string): string {
  return text.replace(/\s*\p{Cc}+\s*/gu, " ");
}
