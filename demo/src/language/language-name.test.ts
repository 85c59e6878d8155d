import { expect, test } from "vitest";
import { createLanguageNames } from "./language-name.ts";

const nameOf = createLanguageNames();

test("three-letter codes have names", () => {
  expect(["deu", "cmn", "pes", "nob"].map(nameOf)).toEqual([
    "German",
    "Chinese",
    "Persian",
    "Norwegian Bokmål",
  ]);
});

test("what is not a code is shown as it is", () => {
  expect(nameOf("not a code")).toBe("not a code");
});
