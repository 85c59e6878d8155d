import { expect, test } from "vitest";
import { stackCounts } from "./stack-counts.ts";

test("each series stands on those before it", () => {
  expect(
    stackCounts([
      [1, 2],
      [10, null],
      [100, 200],
    ]),
  ).toEqual([
    [1, 2],
    [11, 2],
    [111, 202],
  ]);
});

test("nothing stacks to nothing", () => {
  expect(stackCounts([])).toEqual([]);
});
