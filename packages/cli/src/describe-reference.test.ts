import type { ReferenceFeature } from "@selvedge/protocol";
import { expect, it } from "vitest";
import { describeReference } from "./describe-reference.ts";

const numeric: ReferenceFeature = {
  name: "bill_length_mm",
  side: "input",
  tensor: "x",
  element: 0,
  measure: "value",
  edges: [40, 50],
  range: [32.1, 59.6],
  counts: [100, 150, 92],
  missing: 2,
};
const named: ReferenceFeature = {
  name: "y.class",
  side: "output",
  tensor: "y",
  measure: "class",
  categories: ["0", "1", "2"],
  counts: [152, 124, 68],
  missing: 0,
};

it("says of each feature what is measured, and how finely", () => {
  expect(describeReference({ reference: { samples: 344, features: [numeric, named] } })).toEqual([
    "2 features of 344 examples",
    "bill_length_mm (input value): 32.1 to 59.6, 3 bins, 2 missing",
    "y.class (output class): 3 categories",
  ]);
});

it("says nothing of a pack without a reference", () => {
  expect(describeReference({})).toEqual([]);
});
