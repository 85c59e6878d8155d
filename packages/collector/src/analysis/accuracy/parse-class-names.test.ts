import { expect, test } from "vitest";
import { parseClassNames } from "./parse-class-names.ts";

const parse = (fileName: string, content: string) =>
  parseClassNames(fileName, Buffer.from(content, "utf8"));
const config = (id2label: unknown) => parse("config.json", JSON.stringify({ id2label }));

test("a file of lines has a name a line", () => {
  expect(parse("labels.txt", "Adelie\r\nChinstrap\nGentoo\n")).toEqual([
    "Adelie",
    "Chinstrap",
    "Gentoo",
  ]);
  expect(parse("labels.txt", "\nl\n \n")).toEqual([undefined, "l", undefined]);
});

test("a config of transformers.js has names by place", () => {
  expect(config({ 1: "spam", 0: "ham" })).toEqual(["ham", "spam"]);
  expect(config({ 0: "LABEL_0", 1: "spam" })).toEqual([undefined, "spam"]);
  expect(config({ 0: { html: "<b>" }, 1: "x".repeat(201) })).toEqual([undefined, undefined]);
});

test.each([
  ["places are left out", { 0: "ham", 2: "spam" }],
  ["it names none", {}],
  ["names are no object", "spam"],
  ["names are nothing", null],
  ["it is of names that every object has", { constructor: "spam" }],
])("where %s, it says nothing of classes", (_, id2label) => {
  expect(config(id2label)).toBeUndefined();
});

test("what is no UTF-8, or no JSON, is no file of names", () => {
  expect(parseClassNames("labels.txt", Uint8Array.of(0xff, 0xfe))).toBeUndefined();
  expect(parse("config.json", "{")).toBeUndefined();
  expect(parse("config.json", "null")).toBeUndefined();
  expect(parse("labels.txt", "")).toBeUndefined();
});
