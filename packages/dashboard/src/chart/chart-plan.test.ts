import { expect, test } from "vitest";
import { type ChartPlan, hasSameSeries, paintOrder, paintRows, stepMiddles } from "./chart-plan.ts";

const PLAN: ChartPlan = {
  kind: "bars",
  window: { from: 0, to: 30, stepMs: 10 },
  series: [
    { key: "a", slot: 0, dash: 0, values: [1, 2, 3] },
    { key: "b", slot: 1, dash: 0, values: [10] },
  ],
  formatTick: String,
};

test("a step's point is its middle", () => {
  expect(stepMiddles(PLAN.window)).toEqual([5, 15, 25]);
});

test("bars are painted from the tallest down, and a short answer counts as none", () => {
  expect(paintOrder(PLAN).map(({ key }) => key)).toEqual(["b", "a"]);
  expect(paintRows(PLAN)).toEqual([
    [11, 2, 3],
    [1, 2, 3],
  ]);
});

test("lines keep their own values, and a gap where there is none", () => {
  expect(paintRows({ ...PLAN, kind: "lines" })).toEqual([
    [1, 2, 3],
    [10, null, null],
  ]);
});

test("other numbers are the same series; another colour is not", () => {
  const [first, second] = PLAN.series;
  if (first === undefined || second === undefined) throw new Error("there are two");
  const series = [first, { ...second, values: [7] }];
  expect(hasSameSeries(PLAN, { ...PLAN, series })).toBe(true);
  expect(hasSameSeries(PLAN, { ...PLAN, series: [first, { ...second, slot: 4 }] })).toBe(false);
  expect(hasSameSeries(PLAN, { ...PLAN, kind: "lines" })).toBe(false);
});
