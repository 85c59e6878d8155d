import { expect, test } from "vitest";
import { formatCompactCount, formatCount, formatShare } from "./format-count.ts";

test("a count has its thousands apart", () => {
  expect(formatCount(1_234_567)).toBe("1,234,567");
});

test.each([
  [0, "0"],
  [9_999, "9,999"],
  [12_345, "12.3K"],
  [4_560_000, "4.56M"],
])("where there is little room %d reads %s", (count, text) => {
  expect(formatCompactCount(count)).toBe(text);
});

test.each([
  [0, 10, "0%"],
  [0, 0, "0%"],
  [1, 1_000_000, "<0.01%"],
  [2, 10_000, "0.02%"],
  [1, 8, "12.5%"],
  [99_999, 100_000, ">99.9%"],
  [7, 7, "100%"],
])("%d of %d reads %s", (part, whole, text) => {
  expect(formatShare(part, whole)).toBe(text);
});
