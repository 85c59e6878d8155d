import { expect, test } from "vitest";
import { formatNumber, formatPercent, withSign } from "./format-number.ts";

test.each([
  [0, "0"],
  [0.2134, "0.21"],
  [0.00012, "1.2e-4"],
  [2.34567, "2.35"],
  [-1.5, "−1.5"],
  [12_345.6, "12,346"],
  [2.5e7, "2.5e+7"],
])("%d reads %s", (value, text) => {
  expect(formatNumber(value)).toBe(text);
});

test("a share is in percent, a difference has its sign", () => {
  expect(formatPercent(0.0425)).toBe("4.25%");
  expect(withSign(0.01, formatPercent)).toBe("+1%");
  expect(withSign(-0.01, formatPercent)).toBe("−1%");
  expect(withSign(0, formatPercent)).toBe("0%");
});
