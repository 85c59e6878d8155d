import { expect, test } from "vitest";
import { textOf } from "./read-answer.mjs";

test("repeated labels are one character unless a blank lies between them", () => {
  const labels = ["", "a", "b", " "];
  expect(textOf([0, 1, 1, 0, 1, 3, 2, 2, 3, 0], labels)).toBe("aa b");
});
