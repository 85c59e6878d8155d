/** Scripts that say as much in one sign as others do in a few letters. */
const DENSE = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}]/gu;
const LETTER = /\p{L}/gu;
const DENSE_WORTH = 3;
const ENOUGH = 20;

/** Whether a text is long enough for its language to be more than a guess. */
export function hasEnoughLetters(text: string): boolean {
  const letters = text.match(LETTER)?.length ?? 0;
  const dense = text.match(DENSE)?.length ?? 0;
  return letters + dense * (DENSE_WORTH - 1) >= ENOUGH;
}
