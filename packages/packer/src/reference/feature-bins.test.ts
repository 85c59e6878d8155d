import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { binned, categoryBins, numberBins } from "./feature-bins.ts";

const number = fc.double({ noNaN: true, noDefaultInfinity: true });
const lists = fc.array(fc.oneof(number, fc.integer({ min: -3, max: 3 })), {
  minLength: 1,
  maxLength: 300,
});

describe("bins of numbers", () => {
  test("are ascending, hold every value once, and none of the examples is out of range", () => {
    fc.assert(
      fc.property(lists, (values) => {
        const { edges = [], range: [min, max] = [0, 0] } = numberBins(values);
        expect(edges).toEqual([...new Set(edges)].sort((a, b) => a - b));
        const { counts, missing } = binned(values, { edges });
        expect(counts.reduce((sum, count) => sum + count)).toBe(values.length);
        expect(missing).toBe(0);
        for (const value of values) expect(value >= min && value <= max).toBe(true);
      }),
    );
  });

  test("are tenths where values differ", () => {
    const values = Array.from({ length: 1000 }, (_, i) => Math.sin(i) * 50);
    const bins = numberBins(values);
    expect(bins.edges).toHaveLength(9);
    for (const count of binned(values, bins).counts) expect(count).toBeCloseTo(100, -1);
  });

  test("are one for each value where there are few, however often each comes", () => {
    const values = [0, ...new Array<number>(99).fill(1)];
    expect(numberBins(values)).toEqual({ edges: [0], range: [0, 1] });
    expect(numberBins([7, 7])).toEqual({ edges: [], range: [7, 7] });
  });

  test("pass over what is no number, and count it as missing", () => {
    const values = [1, Number.NaN, 2, null, 3];
    const bins = numberBins(values);
    expect(bins).toEqual({ edges: [1, 2], range: [1, 3] });
    expect(binned(values, bins)).toEqual({ counts: [1, 1, 1], missing: 2 });
    expect(numberBins([Number.NaN])).toEqual({ edges: [], range: [0, 0] });
  });

  test("have edges of six digits: they repeat no example to its last", () => {
    const values = Array.from({ length: 200 }, (_, i) => Math.PI * (i + 1));
    for (const edge of numberBins(values).edges ?? [])
      expect(Number(edge.toPrecision(6))).toBe(edge);
  });
});

describe("categories", () => {
  test("are all values there are, numbers by size", () => {
    expect(categoryBins([10, 2, 2n, 1], "category", 1)).toEqual({ categories: ["1", "2", "10"] });
    expect(categoryBins([1, 0, 1], "category", 1)).toEqual({ categories: ["0", "1"] });
  });

  test("of classes are all of a few, and the most frequent of many", () => {
    expect(categoryBins([2], "class", 4)).toEqual({ categories: ["0", "1", "2", "3"] });
    const seen = Array.from({ length: 100 }, (_, i) => [
      i + 50,
      ...(i < 32 ? [i + 50] : []),
    ]).flat();
    const bins = categoryBins(seen, "class", 6625);
    expect(bins?.categories).toEqual(Array.from({ length: 32 }, (_, i) => String(i + 50)));
    expect(binned(seen, bins ?? {})).toMatchObject({ missing: 0, unseen: 68 });
  });

  test("of texts are none where there are many, or one is rare or long: it would be for all to read", () => {
    const often = (...texts: string[]) => texts.flatMap((text) => new Array<string>(5).fill(text));
    expect(categoryBins(often("red", "green", ""), "category", 1)).toEqual({
      categories: ["green", "red"],
    });
    expect(categoryBins([...often("red"), "ada@example.org"], "category", 1)).toBeUndefined();
    expect(categoryBins(often("x".repeat(65)), "category", 1)).toBeUndefined();
    const many = Array.from({ length: 33 }, (_, i) => `t${i}`);
    expect(categoryBins(often(...many), "category", 1)).toBeUndefined();
  });
});
