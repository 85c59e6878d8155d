import { expect, test, vi } from "vitest";
import { decodeAttributes } from "./decode-attributes.ts";
import { rememberAttributes } from "./remember-attributes.ts";

const said = (...pairs: readonly (readonly [string, unknown])[]) =>
  pairs.map(([key, stringValue]) => ({ key, value: { stringValue } }));

function remembering() {
  const read = vi.fn((attributes: unknown) =>
    decodeAttributes(attributes, { ofResource: {}, maxChars: 256 }),
  );
  return { read, remembered: rememberAttributes(read) };
}

test("attributes that were read are given out for their like, and not for others", () => {
  const { read, remembered } = remembering();
  const first = remembered(said(["a", "1"], ["b", "2"]));
  expect(remembered(said(["a", "1"], ["b", "2"]))).toBe(first);
  expect(read).toHaveBeenCalledTimes(1);
  const others = [said(["a", "1"]), said(["a", "1b"], ["", "2"]), said(["a", "1"], ["b", "3"]), []];
  for (const other of others) {
    expect(remembered(other)).not.toBe(first);
    expect(remembered(other)).toEqual(decodeAttributes(other, { ofResource: {}, maxChars: 256 }));
  }
});

test.each([
  ["a number", [{ key: "a", value: { intValue: "1" } }]],
  ["no value", [{ key: "a" }]],
  ["no list", null],
])("%s is read each time", (_, attributes) => {
  const { read, remembered } = remembering();
  expect(remembered(attributes)).toEqual(remembered(attributes));
  expect(read).toHaveBeenCalledTimes(2);
});

test("what cannot be read is refused each time", () => {
  const { remembered } = remembering();
  const long = said(["a", "x".repeat(300)]);
  for (let times = 0; times < 2; times++) expect(() => remembered(long)).toThrow("longer than 256");
});

test("a sender that makes up attributes has no more of them remembered than a thousand", () => {
  const { read, remembered } = remembering();
  for (let n = 0; n < 1100; n++) remembered(said(["a", `${n}`]));
  const before = read.mock.calls.length;
  remembered(said(["a", "0"]));
  expect(read).toHaveBeenCalledTimes(before + 1);
});
