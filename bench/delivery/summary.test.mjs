import { expect, test } from "vitest";
import { ratiosTo, shareOf, summary } from "./summary.mjs";

const TIME = ["duration", "ms"];

test("a summary is the median of what was measured, and its bounds", () => {
  expect(summary("load", "a", TIME, [3, 1, 2])).toMatchObject({ median: 2, min: 1, max: 3, n: 3 });
  expect(summary("load", "a", TIME, [4, 1, 2, 3]).median).toBe(2.5);
});

test("a share says how many of the visits went so", () => {
  const row = shareOf("load: error", "a", [1, 2, 3, 4], (visit) => visit > 3);
  expect(row).toMatchObject({ median: 25, unit: "%", n: 4 });
});

test("ratios are of medians of one name, and never to nothing", () => {
  const rows = [
    summary("load", "a", TIME, [1]),
    summary("load", "b", TIME, [4]),
    summary("bytes", "a", ["size", "byte"], [7]),
    summary("bytes", "b", ["size", "byte"], [0]),
  ];
  expect(ratiosTo("b", rows)).toEqual([{ name: "load", of: "a", to: "b", value: 0.25 }]);
});
