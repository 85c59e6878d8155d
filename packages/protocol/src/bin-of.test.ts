import fc from "fast-check";
import { expect, test } from "vitest";
import { answerCount, answerOf, answersOf, binCount, binOf, boundsOf } from "./bin-of.ts";
import type { ReferenceFeature } from "./reference.ts";

const number = fc.double({ noNaN: true, noDefaultInfinity: true });
const edgeList = fc
  .uniqueArray(number, { maxLength: 12 })
  .map((edges) => [...new Set(edges.map((edge) => edge + 0))].sort((a, b) => a - b));

test("every number lies in its bin: above the edge before, at most the edge after", () => {
  fc.assert(
    fc.property(edgeList, fc.double({ noNaN: true }), (edges, value) => {
      const { bin = -1 } = binOf({ edges }, value);
      expect(value > (edges[bin - 1] ?? Number.NEGATIVE_INFINITY) || bin === 0).toBe(true);
      expect(value <= (edges[bin] ?? Number.POSITIVE_INFINITY)).toBe(true);
      expect(bin).toBeLessThan(binCount({ edges }));
    }),
  );
});

test("an edge belongs to the bin below it", () => {
  fc.assert(
    fc.property(edgeList, (edges) => {
      for (const [place, edge] of edges.entries())
        expect(binOf({ edges }, edge)).toEqual({ bin: place, irregularity: undefined });
    }),
  );
});

test("what lies outside the range is in the bin at the edge, and told to be out of range", () => {
  const feature = { edges: [1, 2], range: [0, 3] as const };
  expect(binOf(feature, -1)).toEqual({ bin: 0, irregularity: "out-of-range" });
  expect(binOf(feature, 4)).toEqual({ bin: 2, irregularity: "out-of-range" });
  expect(binOf(feature, Number.POSITIVE_INFINITY).irregularity).toBe("out-of-range");
  for (const inside of [0, 1.5, 3]) expect(binOf(feature, inside).irregularity).toBeUndefined();
});

test("NaN, null and the empty text are missing, for numbers and for categories", () => {
  for (const feature of [{ edges: [1] }, { categories: ["a"] }])
    for (const value of [Number.NaN, null, ""])
      expect(binOf(feature, value)).toEqual({ bin: undefined, irregularity: "missing" });
});

test("a category's bin is its place; others are unseen", () => {
  const feature = { categories: ["cat", "1", "0"] };
  expect(binOf(feature, "cat").bin).toBe(0);
  expect(binOf(feature, 1n).bin).toBe(1);
  expect(binOf(feature, true).bin).toBe(1);
  expect(binOf(feature, -0).bin).toBe(2);
  expect(binOf(feature, "Cat")).toEqual({ bin: undefined, irregularity: "unseen" });
});

test("a text where a number belongs is missing, and 64-bit integers are numbers", () => {
  expect(binOf({ edges: [1] }, "many")).toEqual({ bin: undefined, irregularity: "missing" });
  expect(binOf({ edges: [1] }, 5n).bin).toBe(1);
});

test("there is one bin more than bounds", () => {
  fc.assert(
    fc.property(
      edgeList,
      fc.uniqueArray(fc.string({ minLength: 1 }), { minLength: 1 }),
      (edges, categories) => {
        for (const feature of [{ edges }, { categories }])
          expect(boundsOf(feature)).toHaveLength(binCount(feature) - 1);
      },
    ),
  );
  expect(boundsOf({ categories: ["a", "b", "c"] })).toEqual([0.5, 1.5]);
});

test("every value has one answer, in the order that a reference tells its own values", () => {
  const common = { name: "f", side: "input", tensor: "x", counts: [4, 5], missing: 6 } as const;
  const numeric: ReferenceFeature = { ...common, measure: "value", edges: [1], range: [0, 2] };
  const named: ReferenceFeature = {
    ...common,
    measure: "category",
    categories: ["a", "b"],
    unseen: 7,
  };
  expect(answersOf(numeric)).toEqual([4, 5, 6]);
  expect(answersOf(named)).toEqual([4, 5, 6, 7]);
  const answer = (feature: ReferenceFeature, value: string | number | null) =>
    answerOf(feature, binOf(feature, value));
  expect([-3, 0.5, 9, null].map((value) => answer(numeric, value))).toEqual([0, 0, 1, 2]);
  expect(["a", "b", "", "c"].map((value) => answer(named, value))).toEqual([0, 1, 2, 3]);
  for (const feature of [numeric, named])
    expect(answersOf(feature)).toHaveLength(answerCount(feature));
});
