import { expect, test } from "vitest";
import { formatAlertValue } from "./format-alert-value.ts";

test.each([
  [0.0031, { kind: "threshold", unit: "share" }, "0.31%"],
  [412, { kind: "threshold", unit: "milliseconds" }, "412 ms"],
  [64e6, { kind: "threshold", unit: "bytes" }, "64 MB"],
  [0.091, { kind: "change", unit: "share" }, "+9.1%"],
  [-12, { kind: "change", unit: "milliseconds" }, "−12 ms"],
  [14.4, { kind: "burn-rate", unit: "number" }, "14.4"],
  [0.14, { kind: "drift", unit: "number" }, "0.14"],
  [null, { kind: "drift", unit: "number" }, "–"],
] as const)("%s of %o reads %s", (value, rule, text) => {
  expect(formatAlertValue(value, rule).replaceAll("\u202f", " ")).toBe(text);
});
