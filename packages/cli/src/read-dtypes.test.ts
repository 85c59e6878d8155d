import { expect, test } from "vitest";
import { readDtypes } from "./read-dtypes.ts";

test("a list of precisions keeps its order, and without one the packer decides", () => {
  expect(readDtypes("q8, fp32")).toEqual(["q8", "fp32"]);
  expect(readDtypes(undefined)).toBeUndefined();
});

test.each([
  ["int8", '"int8" cannot be packed; the precisions are fp32, fp16, q8, q8-storage, q4, q4f16'],
  ["q2", '"q2" cannot be packed'],
  ["fp32,", '"" cannot be packed'],
  ["", '"" cannot be packed'],
  ["q8,q8", "q8 comes twice"],
])("--dtype %j is refused, and says why", (list, why) => {
  expect(() => readDtypes(list)).toThrow(why);
});
