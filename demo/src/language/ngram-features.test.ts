import { expect, test } from "vitest";
import { ngramFeatures, normalized } from "./ngram-features.ts";

test("digits and marks go, hyphens part words, spaces close up", () => {
  expect(normalized("  Wohl-bekannt,  42% Ärger! ")).toBe(" wohl bekannt ärger ");
});

test("frequencies are shares of the sequences of their own length", () => {
  const features = ngramFeatures("aab", {
    unigrams: ["a", "z"],
    bigrams: ["aa", " a"],
    trigrams: ["aab"],
    quadgrams: [" aab", "none"],
  });
  expect([...features].map((value) => Number(value.toFixed(4)))).toEqual([
    0.4, 0, 0.25, 0.25, 0.3333, 0.5, 0,
  ]);
});

test("no letters, no features", () => {
  const lists = { unigrams: ["a"], bigrams: ["ab"], trigrams: ["abc"], quadgrams: ["abcd"] };
  expect([...ngramFeatures("42", lists)]).toEqual([0, 0, 0, 0]);
});
