import { expect, test } from "vitest";
import { greedyCtc } from "./greedy-ctc.ts";

const vocabulary = ["", "l", "o", "h", "e"];

test.each([
  [[3, 3, 4, 1, 0, 1, 2], "hello"],
  [[3, 4, 1, 1, 2], "helo"],
  [[0, 0, 2, 0], "o"],
  [[0], ""],
  [[], ""],
])("%j reads as %s", (best, text) => {
  expect(greedyCtc(best, vocabulary)).toBe(text);
});
