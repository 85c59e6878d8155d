import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { ERROR_CODES, SelvedgeError } from "./selvedge-error.ts";

const table = readFileSync(new URL("../../../docs/errors.md", import.meta.url), "utf8")
  .split("\n")
  .map((line) => line.split("|").map((cell) => cell.trim()))
  .flatMap(([, code, when, remedy]) => {
    const name = /^`([a-z-]+)`$/.exec(code ?? "")?.[1];
    return name === undefined ? [] : [{ name, when, remedy }];
  });

test("docs/errors.md has every code once, in the source's order", () => {
  expect(table.map(({ name }) => name)).toEqual([...ERROR_CODES]);
});

test.each(table)("docs/errors.md says when $name happens and what to do", ({ when, remedy }) => {
  expect(when).toMatch(/\w{3}/);
  expect(remedy).toMatch(/\w{3}/);
});

test("an error carries its code, its cause and what it is about", () => {
  const cause = new TypeError("Failed to fetch");
  const error = new SelvedgeError("network", "no answer", { cause, detail: { url: "/models" } });
  expect(error).toBeInstanceOf(Error);
  expect(error).toMatchObject({
    name: "SelvedgeError",
    code: "network",
    message: "no answer",
    cause,
  });
  expect(structuredClone(error.detail)).toEqual({ url: "/models" });
});

test("without a cause there is none, and the detail is empty", () => {
  const error = new SelvedgeError("closed", "closed");
  expect("cause" in error).toBe(false);
  expect(error.detail).toEqual({});
});
