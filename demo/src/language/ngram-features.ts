/** The letter sequences lande counts, in the order of its inputs. */
export interface NgramLists {
  readonly unigrams: readonly string[];
  readonly bigrams: readonly string[];
  readonly trigrams: readonly string[];
  readonly quadgrams: readonly string[];
}

/** Letters only, lower case, single spaces between words and one at each end. */
export function normalized(text: string): string {
  const letters = text.replace(/-+/g, " ").replace(/[^\p{L}\p{M}\s]/gu, "");
  return ` ${letters
    .replace(/\s{2,}/g, " ")
    .toLowerCase()
    .trim()} `;
}

function frequencies(text: string, length: number, wanted: readonly string[]): number[] {
  const counts = new Map<string, number>();
  const total = text.length - length + 1;
  for (let start = 0; start < total; start += 1) {
    const ngram = text.slice(start, start + length);
    counts.set(ngram, (counts.get(ngram) ?? 0) + 1);
  }
  return wanted.map((ngram) => (counts.get(ngram) ?? 0) / Math.max(1, total));
}

/**
 * What lande looks at: how often each listed sequence of one to four letters occurs, as a share of
 * all sequences of that length.
 *
 * @see https://github.com/fabiospampinato/lande
 */
export function ngramFeatures(text: string, lists: NgramLists): Float32Array {
  const clean = normalized(text);
  return Float32Array.from([
    ...frequencies(clean, 1, lists.unigrams),
    ...frequencies(clean, 2, lists.bigrams),
    ...frequencies(clean, 3, lists.trigrams),
    ...frequencies(clean, 4, lists.quadgrams),
  ]);
}
