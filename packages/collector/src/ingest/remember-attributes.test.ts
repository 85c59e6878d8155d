import { ATTRIBUTES } from "@selvedge/protocol";
import { expect, test, vi } from "vitest";
import type { Labels } from "../store/store.ts";
import { decodeAttributes } from "./decode-attributes.ts";
import { createAttributesMemory } from "./remember-attributes.ts";

const { model, version } = ATTRIBUTES;
const said = (...pairs: readonly (readonly [string, unknown])[]) =>
  pairs.map(([key, stringValue]) => ({ key, value: { stringValue } }));

function remembering() {
  const memory = createAttributesMemory();
  const decode = (attributes: unknown, ofResource: Labels) =>
    decodeAttributes(attributes, { ofResource, maxChars: 256 });
  const read = vi.fn(decode);
  const recall = (attributes: unknown, ofResource: Labels = {}) =>
    memory.recall(attributes, ofResource, () => read(attributes, ofResource));
  return { read, recall, decode };
}

test("labels that were read are given out for their like, and not for others", () => {
  const { read, recall, decode } = remembering();
  const first = recall(said([model, "a1:b"], [version, "2"]));
  expect(recall(said([model, "a1:b"], [version, "2"]))).toBe(first);
  expect(read).toHaveBeenCalledTimes(1);
  for (const other of [
    said([model, "a1:b"]),
    said([model, `a1:b${version}1:2`]),
    said([model, "a"], [version, "2"]),
    said([version, "2"], [version, "3"]),
    [],
  ]) {
    expect(recall(other)).not.toBe(first);
    expect(recall(other)).toEqual(decode(other, {}));
  }
});

test("what a point has from its resource is told apart as well", () => {
  const { recall } = remembering();
  const labels = said([model, "a"]);
  expect(recall(labels, { browser: "chrome 156" }).labels).toEqual({
    ...{ model: "a", browser: "chrome 156" },
  });
  expect(recall(labels, { device: "chrome 156" }).labels).toEqual({
    ...{ model: "a", device: "chrome 156" },
  });
});

test("an empty label of a resource is not taken for none", () => {
  const { recall, decode } = remembering();
  const labels = said([model, "a"]);
  for (const ofResource of [{}, { browser: "" }, { device: "" }, { browser: "", device: "" }])
    expect(recall(labels, ofResource)).toStrictEqual(decode(labels, ofResource));
});

test.each([
  ["a number", [{ key: model, value: { intValue: "1" } }]],
  ["no value", [{ key: model }]],
  ["what is no label", said(["http.route", "/"])],
  ["no list", null],
])("%s is read each time", (_, attributes) => {
  const { read, recall } = remembering();
  expect(recall(attributes)).toEqual(recall(attributes));
  expect(read).toHaveBeenCalledTimes(2);
});

test("what cannot be read is refused each time", () => {
  const { recall } = remembering();
  const long = said([model, "x".repeat(300)]);
  for (let times = 0; times < 2; times++) expect(() => recall(long)).toThrow("longer than 256");
});

test("a sender that makes up labels makes the memory forget, and no larger", () => {
  const { read, recall } = remembering();
  for (let n = 0; n <= 50_000; n++) recall(said([model, `${n}`]));
  const before = read.mock.calls.length;
  recall(said([model, "50000"]));
  expect(read).toHaveBeenCalledTimes(before);
  recall(said([model, "0"]));
  expect(read).toHaveBeenCalledTimes(before + 1);
});
