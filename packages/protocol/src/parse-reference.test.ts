import { describe, expect, test } from "vitest";
import { Field } from "./field.ts";
import { MAX_BINS, MAX_FEATURES, MAX_REFERENCE_BYTES, parseReference } from "./parse-reference.ts";
import type { Reference, ReferenceFeature } from "./reference.ts";

const SIGNATURE = {
  inputs: [{ name: "x", dtype: "float32" as const, dims: [-1, 4] }],
  outputs: [{ name: "y", dtype: "float32" as const, dims: [-1, 3] }],
};

const numeric: ReferenceFeature = {
  name: "bill_length_mm",
  side: "input",
  tensor: "x",
  element: 0,
  measure: "value",
  edges: [-1.5, 40, 50],
  range: [-3, 60],
  counts: [1, 2, 3, 4],
  missing: 2,
};
const categorical: ReferenceFeature = {
  name: "y.class",
  side: "output",
  tensor: "y",
  measure: "class",
  categories: ["0", "1", "2"],
  counts: [5, 0, 7],
  missing: 0,
  unseen: 3,
};
const example: Reference = { samples: 12, features: [numeric, categorical] };

function parse(reference: unknown): Reference {
  return parseReference(
    Field.fromJson(JSON.stringify(reference), "reference", "manifest-invalid"),
    SIGNATURE,
  );
}

const withFeature = (change: object) => ({ samples: 12, features: [{ ...numeric, ...change }] });
const withCategories = (change: object) => ({
  samples: 12,
  features: [{ ...categorical, ...change }],
});

test("reading a written reference gives it back, and nothing it does not know", () => {
  expect(parse(example)).toEqual(example);
  expect(parse({ ...example, more: 1, features: [{ ...numeric, more: 1 }] }).features).toEqual([
    numeric,
  ]);
  expect(parse({ samples: 0, features: [] })).toEqual({ samples: 0, features: [] });
});

describe("a reference with one thing wrong is refused by a message that names it:", () => {
  const long = "x".repeat(129);
  const many = Array.from({ length: MAX_BINS + 1 }, (_, i) => i);
  test.each<[field: string, reference: unknown]>([
    ["", []],
    ["samples", { features: [] }],
    ["samples", { ...example, samples: -1 }],
    ["features", { samples: 1, features: {} }],
    ["features", { samples: 1, features: Array(MAX_FEATURES + 1).fill(numeric) }],
    ["features[1].name", { samples: 1, features: [numeric, numeric] }],
    ["features[0].name", withFeature({ name: "" })],
    ["features[0].name", withFeature({ name: long })],
    ["features[0].side", withFeature({ side: "both" })],
    ["features[0].tensor", withFeature({ tensor: "y" })],
    ["features[0].tensor", withFeature({ tensor: "__proto__" })],
    ["features[0].element", withFeature({ element: -1 })],
    ["features[0].element", withFeature({ element: 0.5 })],
    ["features[0].measure", withFeature({ measure: "pixels" })],
    ["features[0].categories", withFeature({ categories: ["a"] })],
    ["features[0].edges", withFeature({ edges: undefined })],
    ["features[0].edges", withFeature({ edges: [1, 1, 2] })],
    ["features[0].edges", withFeature({ edges: [2, 1, 3] })],
    ["features[0].edges", withFeature({ edges: many, counts: [...many, 0] })],
    ["features[0].edges[1]", withFeature({ edges: [1, null, 2] })],
    ["features[0].edges[0]", withFeature({ edges: ["1", 2, 3] })],
    ["features[0].range", withFeature({ range: [2, 1] })],
    ["features[0].range", withFeature({ range: [1, 2, 3] })],
    ["features[0].range", withFeature({ range: [1] })],
    ["features[0].counts", withFeature({ counts: [1, 2, 3] })],
    ["features[0].counts[3]", withFeature({ counts: [1, 2, 3, -1] })],
    ["features[0].counts[3]", withFeature({ counts: [1, 2, 3, 2 ** 53] })],
    ["features[0].missing", withFeature({ missing: null })],
    ["features[0].unseen", withFeature({ unseen: "1" })],
    ["features[0].edges", withCategories({ edges: [1, 2] })],
    ["features[0].categories", withCategories({ categories: [] })],
    ["features[0].categories", withCategories({ categories: many.map(String) })],
    ["features[0].categories", withCategories({ categories: ["a", "b", "a"] })],
    ["features[0].categories[0]", withCategories({ categories: ["", "b", "c"] })],
    ["features[0].categories[1]", withCategories({ categories: ["a", long, "c"] })],
    ["features[0].counts", withCategories({ counts: [1] })],
  ])("%s", (field, reference) => {
    expect(() => parse(reference)).toThrow(
      expect.objectContaining({ code: "manifest-invalid", detail: { field } }),
    );
  });

  test("one that takes more than its share of a manifest, counted as bytes", () => {
    const categories = (text: string) =>
      Array.from({ length: MAX_BINS }, (_, i) => text.repeat(50) + i);
    const features = (text: string) =>
      Array.from({ length: 10 }, (_, i) => ({
        ...categorical,
        name: `f${i}`,
        categories: categories(text),
        counts: Array(MAX_BINS).fill(1),
      }));
    expect(parse({ samples: 1, features: features("a") }).features).toHaveLength(10);
    expect(() => parse({ samples: 1, features: features("é") })).toThrow(
      `at most ${MAX_REFERENCE_BYTES} bytes`,
    );
  });
});
