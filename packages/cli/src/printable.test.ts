import { expect, test } from "vitest";
import { printable } from "./printable.ts";

test("what is no character to print is a space", () => {
  expect(printable("a\n  b\u001b[2Jc\u009bd")).toBe("a b [2Jc d");
  expect(printable("  größer als „x“")).toBe("  größer als „x“");
});
