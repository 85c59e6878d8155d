import { expect, test } from "vitest";
import { readMaxError } from "./read-max-error.ts";

test("a share is a number, and without one there is no bound", () => {
  expect(readMaxError("0.03")).toBe(0.03);
  expect(readMaxError("1e-3")).toBe(0.001);
  expect(readMaxError(undefined)).toBeUndefined();
});

test.each(["", "0", "1", "-0.1", "20dB", "NaN"])("--max-error %j is refused", (text) => {
  expect(() => readMaxError(text)).toThrow("such as 0.1");
});
