import { expect, test } from "vitest";
import { confusionMatrix } from "./confusion-matrix.ts";

test("rows are what was true, columns what was said", () => {
  const matrix = confusionMatrix([
    { label: "spam", predicted: "spam", count: 8 },
    { label: "spam", predicted: "ham", count: 2 },
    { label: "ham", predicted: "ham", count: 5 },
  ]);
  expect(matrix).toEqual({
    names: ["ham", "spam"],
    counts: [
      [5, 0],
      [2, 8],
    ],
    left: 0,
  });
});

test("of many classes those that are mistaken most are shown, and the others counted", () => {
  const cells = Array.from({ length: 14 }, (_, index) => ({
    label: `c${index}`,
    predicted: `c${(index + 1) % 14}`,
    count: index === 3 ? 100 : 1,
  }));
  const { names, counts, left } = confusionMatrix(cells);
  expect(names).toHaveLength(10);
  expect(names).toEqual(expect.arrayContaining(["c3", "c4"]));
  const shown = counts.flat().reduce((sum, count) => sum + count, 0);
  expect(shown + left).toBe(113);
});
