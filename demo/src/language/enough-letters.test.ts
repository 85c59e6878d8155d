import { expect, test } from "vitest";
import { hasEnoughLetters } from "./enough-letters.ts";

test("a few letters or many digits are not enough", () => {
  expect(hasEnoughLetters("Do not tumble dry: $42.50")).toBe(false);
  expect(hasEnoughLetters("2026-11-03 14:02:11 0042")).toBe(false);
});

test("a short sentence is", () => {
  expect(hasEnoughLetters("The ferry leaves at nine today")).toBe(true);
});

test("a few Chinese characters are", () => {
  expect(hasEnoughLetters("今天的天气很好")).toBe(true);
  expect(hasEnoughLetters("请勿吸烟")).toBe(false);
});
