import lande from "lande";
import { env, InferenceSession, Tensor } from "onnxruntime-web";
import { describe, expect, it } from "vitest";
import { ngramFeatures } from "../src/language/ngram-features.ts";
import { landeAttachments, landeOnnx } from "./lande-to-onnx.mjs";

const TEXTS = [
  "The quick brown fox jumps over the lazy dog",
  "Der schnelle braune Fuchs springt über den faulen Hund",
  "Le renard brun saute par-dessus le chien paresseux",
  "Быстрая коричневая лиса прыгает через ленивую собаку",
  "敏捷的棕色狐狸跳过了懒狗",
  "素早い茶色の狐がのろまな犬を飛び越える",
  "الثعلب البني السريع يقفز فوق الكلب الكسول",
  "a",
  "",
];

describe("landeOnnx", () => {
  it("answers what lande answers, in every language tried", async () => {
    env.wasm.numThreads = 1;
    const attachments = landeAttachments();
    const languages: string[] = JSON.parse(attachments["languages.json"]);
    const ngrams = JSON.parse(attachments["ngrams.json"]);
    const features = TEXTS.map((text) => ngramFeatures(text, ngrams));
    const data = Float32Array.from(features.flatMap((feature) => [...feature]));
    const session = await InferenceSession.create(landeOnnx(), { executionProviders: ["wasm"] });
    const { probabilities } = await session.run({
      ngrams: new Tensor("float32", data, [TEXTS.length, 620]),
    });
    expect(probabilities?.dims).toEqual([TEXTS.length, languages.length]);
    for (const [row, text] of TEXTS.entries()) {
      const expected = new Map<string, number>(lande(text));
      for (const [column, language] of languages.entries()) {
        const answer = Number(probabilities?.data[row * languages.length + column]);
        expect(Math.abs(answer - (expected.get(language) ?? Number.NaN))).toBeLessThan(1e-5);
      }
    }
  });

  it("writes the same bytes every time", () => {
    expect(landeOnnx()).toEqual(landeOnnx());
  });
});

describe("landeAttachments", () => {
  it("names 50 languages and 620 n-grams", () => {
    const attachments = landeAttachments();
    expect(JSON.parse(attachments["languages.json"])).toHaveLength(50);
    const ngrams: Record<string, string[]> = JSON.parse(attachments["ngrams.json"]);
    expect(Object.entries(ngrams).map(([name, list]) => [name, list.length])).toEqual([
      ["unigrams", 120],
      ["bigrams", 175],
      ["trigrams", 175],
      ["quadgrams", 150],
    ]);
  });
});
