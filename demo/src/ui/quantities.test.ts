import { expect, test } from "vitest";
import { formatBytes, formatMs, formatShare } from "./quantities.ts";

test("bytes, kilobytes and megabytes", () => {
  expect([0, 999, 25_400, 15_912_345].map(formatBytes)).toEqual([
    "0 B",
    "999 B",
    "25 kB",
    "15.9 MB",
  ]);
});

test("long times are in seconds", () => {
  expect([0.4, 86.6, 17_240].map(formatMs)).toEqual(["0 ms", "87 ms", "17.2 s"]);
});

test("shares are whole percents, and something is never nothing", () => {
  expect([0.987, 0.004, 0].map(formatShare)).toEqual(["99%", "<1%", "0%"]);
});
