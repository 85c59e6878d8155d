import { expect, test } from "vitest";
import { UsageError } from "./command-line.ts";
import { readImageChoice } from "./read-image-choice.ts";

test("takes the choices there are, and leaves the packer its own where none was made", () => {
  expect(["auto", "always", "never", undefined].map(readImageChoice)).toEqual([
    "auto",
    "always",
    "never",
    undefined,
  ]);
});

test.each(["", "yes", "AUTO"])("refuses %j", (text) => {
  expect(() => readImageChoice(text)).toThrow(UsageError);
});
