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
      [5, null],
      [2, 8],
    ],
    left: 0,
    rare: 0,
  });
});

test("pairs that are too rare to be told are neither right nor wrong", () => {
  const matrix = confusionMatrix([
    { label: "spam", predicted: "spam", count: 80 },
    { label: "spam", predicted: "other", count: 60 },
    { label: "other", predicted: "other", count: 70 },
  ]);
  expect(matrix).toEqual({
    names: ["other", "spam"],
    counts: [
      [null, null],
      [60, 80],
    ],
    left: 0,
    rare: 70,
  });
  expect(confusionMatrix([{ label: "other", predicted: "other", count: 70 }]).names).toEqual([]);
});

test("classes that devices tell by their place are in its order, by what they are called", () => {
  const cells = [
    { label: "10", predicted: "10", count: 5 },
    { label: "2", predicted: "10", count: 7 },
    { label: "constructor", predicted: "2", count: 9 },
  ];
  const called = new Map([
    ["2", "Adelie"],
    ["10", "constructor"],
  ]);
  const { names, counts } = confusionMatrix(cells, called);
  expect(names).toEqual(["Adelie", "10", "constructor"]);
  expect(counts[0]).toEqual([null, 7, null]);
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
  const shown = counts.flat().reduce<number>((sum, count) => sum + (count ?? 0), 0);
  expect(shown + left).toBe(113);
});
