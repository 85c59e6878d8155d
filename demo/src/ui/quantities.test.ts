import { expect, test } from "vitest";
import { formatBytes, formatGiB, formatMs, formatShare, formatShortMs } from "./quantities.ts";

test("bytes, kilobytes, megabytes and gigabytes", () => {
  expect([0, 999, 25_400, 15_912_345, 4_300_000_000].map(formatBytes)).toEqual([
    "0 B",
    "999 B",
    "25 kB",
    "15.9 MB",
    "4.3 GB",
  ]);
});

test("memory is in powers of two", () => {
  expect([2 ** 28, 2 ** 31, 1.5 * 2 ** 30].map(formatGiB)).toEqual([
    "0.25 GiB",
    "2 GiB",
    "1.5 GiB",
  ]);
});

test("long times are in seconds", () => {
  expect([0.4, 86.6, 17_240].map(formatMs)).toEqual(["0 ms", "87 ms", "17.2 s"]);
});

test("short times have a decimal", () => {
  expect([0.42, 9.96, 86.6].map(formatShortMs)).toEqual(["0.4 ms", "10.0 ms", "87 ms"]);
});

test("shares are whole percents, and something is never nothing", () => {
  expect([0.987, 0.004, 0].map(formatShare)).toEqual(["99%", "<1%", "0%"]);
});
