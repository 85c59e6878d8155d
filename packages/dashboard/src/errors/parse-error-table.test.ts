import { readFileSync } from "node:fs";
import { ERROR_CODES } from "@selvedge/protocol";
import { expect, test } from "vitest";
import { parseErrorTable } from "./parse-error-table.ts";

const DOCUMENT = readFileSync(new URL("../../../../docs/errors.md", import.meta.url), "utf8");

test("every code there is has a meaning, a next step and a chapter", () => {
  const meanings = parseErrorTable(DOCUMENT);
  expect(meanings.map(({ code }) => code).toSorted()).toEqual([...ERROR_CODES].toSorted());
  for (const { when, next, chapter } of meanings) {
    expect(when).not.toMatch(/[`|]/);
    expect(next).not.toBe("");
    expect(DOCUMENT).toContain(`## ${chapter}`);
  }
});

test("a row is read as text, without marks", () => {
  expect(
    parseErrorTable("## A page, its device\n| `a-b` | It [is](x) `so`. | Do **it**. |"),
  ).toEqual([
    {
      code: "a-b",
      when: "It is so.",
      next: "Do it.",
      chapter: "A page, its device",
    },
  ]);
});
