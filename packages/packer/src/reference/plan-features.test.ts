import { expect, test } from "vitest";
import type { DeclaredValue } from "../onnx/signature.ts";
import type { ExampleTensor } from "./example.ts";
import { planFeatures } from "./plan-features.ts";

const tensor = (
  type: string,
  dims: number[],
  data: readonly (number | string)[] = [],
): ExampleTensor => ({
  name: "t",
  type,
  dims,
  data,
});
const zeros = (length: number) => new Array<number>(length).fill(0);

/** The measures that are planned for a tensor, by name. */
function plan(
  one: ExampleTensor,
  { side = "input", dims, names = [] as string[], name = "t" } = {} as {
    side?: "input" | "output";
    dims?: number[];
    names?: string[];
    name?: string;
  },
): string[] {
  const declared: DeclaredValue = { name, dtype: undefined, dims };
  const named = { ...one, name };
  const example = {
    inputs: side === "input" ? [named] : [],
    outputs: side === "output" ? [named] : [],
  };
  return planFeatures(
    [example],
    { inputs: [declared], outputs: [declared] },
    names.length === 0 ? {} : { [name]: names },
  ).map(({ name: feature, measure, element }) =>
    [feature, measure, ...(element === undefined ? [] : [element])].join(" "),
  );
}

test("elements of a short row are features of their own, by the names they were given", () => {
  expect(plan(tensor("float32", [1, 2], [1, 2]))).toEqual(["t[0] value 0", "t[1] value 1"]);
  expect(plan(tensor("int64", [1, 2], [1, 2]), { names: ["age"] })).toEqual([
    "age category 0",
    "t[1] category 1",
  ]);
  expect(plan(tensor("float32", [5, 1], zeros(5)))).toEqual(["t value 0"]);
});

test("long rows, and rows of any length, are looked at as a whole", () => {
  expect(plan(tensor("float32", [1, 33], zeros(33)))).toEqual(["t value"]);
  expect(plan(tensor("float32", [1, 4], zeros(4)), { dims: [-1, -1] })).toEqual(["t value"]);
  expect(plan(tensor("float32", [], [1]))).toEqual(["t value"]);
});

test("of images it is their look, whichever side they are on", () => {
  const look = ["t.brightness brightness", "t.contrast contrast", "t.sharpness sharpness"];
  for (const side of ["input", "output"] as const) {
    expect(plan(tensor("float32", [1, 3, 8, 8], zeros(192)), { side })).toEqual(look);
    expect(plan(tensor("uint8", [1, 8, 8, 3], zeros(192)), { side })).toEqual(look);
  }
});

test("of texts it is their length and alphabet, and which one it is", () => {
  expect(plan(tensor("string", [1], ["a"]))).toEqual([
    "t category",
    "t.length length",
    "t.alphabet alphabet",
  ]);
});

test("outputs that add up to 1, or are called scores, are ranked", () => {
  const ranking = (name: string) =>
    ["class", "confidence", "entropy"].map((x) => `${name}.${x} ${x}`);
  const probabilities = tensor("float32", [2, 2], [0.25, 0.75, 1, 0]);
  expect(plan(probabilities, { side: "output" })).toEqual(ranking("t"));
  expect(plan(tensor("float32", [1, 2], [-5, 9]), { side: "output", name: "logits" })).toEqual(
    ranking("logits"),
  );
  expect(plan(tensor("float32", [1, 2], [-5, 9]), { side: "output" })).toEqual([
    "t[0] value 0",
    "t[1] value 1",
  ]);
  expect(plan(probabilities)).toEqual(["t[0] value 0", "t[1] value 1"]);
});

test("an output of whole numbers is one of categories", () => {
  expect(plan(tensor("int64", [1], [3]), { side: "output" })).toEqual(["t category 0"]);
});
