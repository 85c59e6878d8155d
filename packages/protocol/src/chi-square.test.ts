import { expect, test } from "vitest";
import { chiSquareQuantile, normalQuantile } from "./chi-square.ts";

test.each([
  [0.5, 0],
  [0.025, 1.959964],
  [0.001, 3.090232],
  [1e-5, 4.264891],
])("a normal variable exceeds with probability %f what tables say", (tail, expected) => {
  expect(Math.abs(normalQuantile(tail) - expected)).toBeLessThan(4.5e-4);
});

test.each([
  [1, 0.05, 3.841459],
  [1, 0.001, 10.827566],
  [2, 0.01, 9.21034],
  [9, 0.01, 21.665994],
  [9, 0.001, 27.877165],
  [31, 0.0001, 69.105692],
])("χ² of %i degrees exceeds with probability %f what tables say", (degrees, tail, expected) => {
  expect(Math.abs(chiSquareQuantile(degrees, tail) / expected - 1)).toBeLessThan(0.035);
});
