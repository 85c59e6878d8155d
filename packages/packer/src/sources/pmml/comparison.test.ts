import fc from "fast-check";
import { expect, it } from "vitest";
import { COMPARISONS, isOperator, type Operator, threshold } from "./comparison.ts";

const holds: Readonly<Record<Operator, (x: number, value: number) => boolean>> = {
  equal: (x, value) => x === value,
  notEqual: (x, value) => x !== value,
  lessThan: (x, value) => x < value,
  lessOrEqual: (x, value) => x <= value,
  greaterThan: (x, value) => x > value,
  greaterOrEqual: (x, value) => x >= value,
};

const ordering = ["lessThan", "lessOrEqual", "greaterThan", "greaterOrEqual"] as const;

it("compares every float32 with a threshold as with the double it stands for", () => {
  const double = fc.double({ noNaN: true, min: -1e30, max: 1e30 });
  fc.assert(
    fc.property(
      double,
      fc.constantFrom(...ordering),
      fc.integer({ min: -3, max: 3 }),
      (value, operator, steps) => {
        // Floats far from the threshold say nothing; those beside it do.
        const bits = new Int32Array(Float32Array.of(value).buffer);
        bits[0] = (bits[0] ?? 0) + steps;
        const x = new Float32Array(bits.buffer)[0] ?? 0;
        const rounded = threshold(operator, value);
        expect(Math.fround(rounded)).toBe(rounded);
        expect(holds[operator](x, rounded)).toBe(holds[operator](x, value));
      },
    ),
    { numRuns: 1000 },
  );
});

it("rounds towards the side where nothing changes, around zero and negative numbers too", () => {
  expect(threshold("lessOrEqual", 0.1)).toBeLessThan(0.1);
  expect(threshold("lessThan", 0.1)).toBe(Math.fround(0.1));
  expect(threshold("greaterThan", -0.1)).toBe(Math.fround(-0.1));
  expect(threshold("greaterOrEqual", -0.1)).toBeGreaterThan(-0.1);
  expect(threshold("greaterOrEqual", 1e-60)).toBe(2 ** -149);
  expect(threshold("lessOrEqual", -1e-60)).toBe(-(2 ** -149));
  expect(threshold("equal", 0.1)).toBe(Math.fround(0.1));
});

it("knows each operator's opposite, and nothing that is no operator", () => {
  for (const [operator, { opposite }] of Object.entries(COMPARISONS))
    expect(COMPARISONS[opposite].opposite).toBe(operator);
  expect(isOperator("isMissing")).toBe(false);
  expect(isOperator("constructor")).toBe(false);
});
