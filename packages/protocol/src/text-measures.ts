/** The alphabets that texts are told apart by, as Unicode names scripts. */
const ALPHABETS: readonly (readonly [name: string, letters: RegExp])[] = [
  ["latin", /\p{Script=Latin}/gu],
  ["cyrillic", /\p{Script=Cyrillic}/gu],
  ["greek", /\p{Script=Greek}/gu],
  ["arabic", /\p{Script=Arabic}/gu],
  ["hebrew", /\p{Script=Hebrew}/gu],
  ["devanagari", /\p{Script=Devanagari}/gu],
  ["thai", /\p{Script=Thai}/gu],
  ["hangul", /\p{Script=Hangul}/gu],
  ["kana", /[\p{Script=Hiragana}\p{Script=Katakana}]/gu],
  ["han", /\p{Script=Han}/gu],
];

/** How much of a text is looked at: its beginning tells its alphabet. */
const LOOKED_AT = 1_000;

/**
 * The alphabet that most of a text's letters are of: one of ten scripts, `other`, or `none` where it has
 * no letters.
 */
export function alphabetOf(text: string): string {
  const beginning = text.slice(0, LOOKED_AT);
  const letters = countOf(beginning, /\p{Letter}/gu);
  if (letters === 0) return "none";
  const counts = ALPHABETS.map(([name, pattern]) => ({ name, count: countOf(beginning, pattern) }));
  const known = counts.reduce((sum, { count }) => sum + count, 0);
  const most = [{ name: "other", count: letters - known }, ...counts].reduce((best, one) =>
    one.count > best.count ? one : best,
  );
  return most.name;
}

/** Longer texts are not counted through. */
const COUNTED_TO = 65_536;

/** How many characters a text has: code points; of very long ones UTF-16 units, which cost nothing to tell. */
export function lengthOf(text: string): number {
  if (text.length > COUNTED_TO) return text.length;
  let length = 0;
  for (const _ of text) length++;
  return length;
}

function countOf(text: string, pattern: RegExp): number {
  return text.match(pattern)?.length ?? 0;
}
