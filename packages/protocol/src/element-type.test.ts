import { expect, test } from "vitest";
import { ELEMENT_TYPES, elementCount, tensorBytes } from "./element-type.ts";

test.each([
  [[], 1],
  [[5], 5],
  [[2, 3, 4], 24],
  [[7, 0, 9], 0],
])("a tensor of dims %j has %d elements", (dims, count) => {
  expect(elementCount(dims)).toBe(count);
});

test.each([
  ["float64", 8],
  ["int64", 8],
  ["uint64", 8],
  ["float32", 4],
  ["int32", 4],
  ["uint32", 4],
  ["float16", 2],
  ["int16", 2],
  ["uint16", 2],
  ["int8", 1],
  ["uint8", 1],
  ["bool", 1],
] as const)("an element of %s takes %d bytes", (type, bytes) => {
  expect(tensorBytes(type, [])).toBe(bytes);
  expect(tensorBytes(type, [3, 5])).toBe(15 * bytes);
});

test.each(["int4", "uint4"] as const)(
  "two elements of %s share a byte, the last may be alone",
  (type) => {
    expect([0, 1, 2, 3].map((count) => tensorBytes(type, [count]))).toEqual([0, 1, 1, 2]);
  },
);

test("strings have no fixed size", () => {
  expect(tensorBytes("string", [4])).toBeUndefined();
});

test("every element type is listed once, and all but strings have a size", () => {
  expect(new Set(ELEMENT_TYPES).size).toBe(ELEMENT_TYPES.length);
  expect(ELEMENT_TYPES.filter((type) => tensorBytes(type, [1]) === undefined)).toEqual(["string"]);
});
