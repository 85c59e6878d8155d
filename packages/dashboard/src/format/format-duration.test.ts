import { expect, test } from "vitest";
import { formatDuration, formatDurationTick } from "./format-duration.ts";

test.each([
  [0, "0 ms"],
  [0.004, "0 ms"],
  [0.42, "0.42 ms"],
  [0.9999, "1.0 ms"],
  [4.25, "4.3 ms"],
  [9.96, "10 ms"],
  [482.4, "482 ms"],
  [999.6, "1.00 s"],
  [1240, "1.24 s"],
  [9996, "10.0 s"],
  [12_400, "12.4 s"],
  [59_960, "1 min"],
  [125_000, "2 min 5 s"],
])("%d ms reads %s", (durationMs, text) => {
  expect(formatDuration(durationMs).replaceAll("\u202f", " ")).toBe(text);
});

test.each([
  [0, "0"],
  [0.25, "0.25 ms"],
  [100, "100 ms"],
  [1000, "1 s"],
  [2500, "2.5 s"],
  [90_000, "1.5 min"],
])("a tick at %d ms reads %s", (durationMs, text) => {
  expect(formatDurationTick(durationMs).replaceAll("\u202f", " ")).toBe(text);
});
