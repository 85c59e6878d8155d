import { describe, expect, test } from "vitest";
import { texted } from "./observation.fixture.ts";
import { characterErrorRate, exactMatch, wordErrorRate } from "./text-metrics.ts";

describe("character error rate", () => {
  test("is edits over all that was written, not a mean of rates", () => {
    // 1 of 1, and 0 of 9
    expect(characterErrorRate([texted("x", "y"), texted("invoice 1", "invoice 1")])).toBe(0.1);
  });

  test("counts a character outside the basic plane as one", () => {
    expect(characterErrorRate([texted("a", "a😀b")])).toBeCloseTo(2 / 3, 12);
  });

  test("exceeds 1 where more was read than written", () => {
    expect(characterErrorRate([texted("abcd", "a")])).toBe(3);
  });

  test("has no value where nothing was written", () => {
    expect(characterErrorRate([texted("", "")])).toBeNaN();
  });
});

test("word error rate counts words, however far apart they stand", () => {
  expect(wordErrorRate([texted("total  42", "total due 42 now")])).toBe(0.5);
});

test("exact is the share of texts without an error", () => {
  expect(exactMatch([texted("a", "a"), texted("a", "A")])).toBe(0.5);
});
