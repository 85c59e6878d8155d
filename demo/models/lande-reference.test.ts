import { expect, test } from "vitest";
import { ngramFeatures } from "../src/language/ngram-features.ts";
import { asTyped, featuresOf, landeReference, landeSentences } from "./lande-reference.mjs";
import { landeAttachments } from "./lande-to-onnx.mjs";

test("a text grows by words, or by signs where there are none between spaces", () => {
  expect(asTyped("¿Qué es esto?")).toEqual(["¿Qué", "¿Qué es", "¿Qué es esto?"]);
  expect(asTyped("何語。")).toEqual(["何", "何語", "何語。"]);
});

test("the sentences are lande's own, in more than forty languages", async () => {
  const sentences = await landeSentences();
  expect(sentences).toContain("In welcher Sprache ist dieser Satz geschrieben?");
  expect(new Set(sentences).size).toBeGreaterThan(40);
});

test("there are enough examples for a reference, and each is what the page would ask", async () => {
  const { cases } = await landeReference();
  expect(cases.length).toBeGreaterThanOrEqual(300);
  const ngrams = JSON.parse(landeAttachments()["ngrams.json"]);
  for (const text of ["Mis keeles see", "この文は何語", "w"])
    expect(Float32Array.from(featuresOf(text))).toEqual(ngramFeatures(text, ngrams));
});
