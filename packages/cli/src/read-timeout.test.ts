import { expect, test } from "vitest";
import { readTimeout } from "./read-timeout.ts";

test("seconds become milliseconds, and without any the packer decides", () => {
  expect(readTimeout("1.5")).toBe(1500);
  expect(readTimeout(undefined)).toBeUndefined();
});

test.each(["", " ", "0", "-1", "soon", "NaN", "Infinity", "2147484"])(
  "--timeout %j is refused",
  (seconds) => {
    expect(() => readTimeout(seconds)).toThrow(`--timeout ${seconds}: give seconds`);
  },
);
