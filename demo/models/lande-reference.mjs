/**
 * Examples that lande's reference is taken from: the sentences that its own tests ask it about, one in
 * each language, as they are when somebody types them: after each word.
 */
import { readFile } from "node:fs/promises";

const entry = import.meta.resolve("lande");
const [{ default: ngrams }, { infer }] = await Promise.all([
  import(new URL("t50-ngrams.js", entry).href),
  import(new URL("utils.js", entry).href),
]);

/**
 * The sentences, those too that lande gets wrong.
 *
 * @returns {Promise<string[]>}
 */
export async function landeSentences() {
  const tests = await readFile(new URL("../test/index.js", entry), "utf8");
  const asked = [...tests.matchAll(/inferLanguage \( '(.*?)' \)/g)].map(
    ([, sentence = ""]) => sentence,
  );
  const sentences = asked.filter((sentence) => /\p{L}/u.test(sentence));
  if (sentences.length === 0)
    throw new Error(
      "lande's package has no test sentences any more: find others to take its reference from.",
    );
  return sentences;
}

/**
 * A text as it grows under somebody's hands: by a word at a time, by a sign where words are not parted.
 *
 * @param {string} text
 * @returns {string[]}
 */
export function asTyped(text) {
  const words = text.split(" ");
  const parts = words.length > 1 ? words.map((word) => `${word} `) : [...text];
  return parts
    .map((_, last) =>
      parts
        .slice(0, last + 1)
        .join("")
        .trim(),
    )
    .filter((typed) => /\p{L}/u.test(typed));
}

/** A reference file, as `selvedge pack --reference` reads it. */
export async function landeReference() {
  const texts = (await landeSentences()).flatMap(asTyped);
  const cases = texts.map((text) => {
    const data = featuresOf(text);
    return { inputs: { ngrams: { type: "float32", dims: [1, data.length], data } } };
  });
  return { cases };
}

/**
 * What lande looks at, as lande itself makes it.
 *
 * @param {string} text
 * @returns {number[]}
 */
export function featuresOf(text) {
  /** @type {number[]} */
  let features = [];
  const network = {
    /** @param {{ w: Float32Array }} input */
    forward(input) {
      features = [...input.w];
      return { w: [] };
    },
  };
  infer(text, [], ngrams, network);
  return features;
}
