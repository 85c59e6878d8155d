import { encodeStrings } from "@selvedge/protocol";
import { describe, expect, it } from "vitest";
import { bytesFrom, type NamedTensor, type RunnableType } from "../named-tensor.ts";
import type { Golden, GoldenAnswer } from "./golden.ts";
import {
  difference,
  largestDifference,
  scaleAnswers,
  toleranceOfSpread,
  toleranceOfVariant,
  tolerances,
} from "./tolerance.ts";

const tensor = (values: number[], dtype: RunnableType = "float32"): NamedTensor => ({
  name: "y",
  dtype,
  dims: [values.length],
  bytes: bytesFrom(dtype, values),
});

describe("tolerances", () => {
  it("grows with the answers", () => {
    expect(tolerances([tensor([0.5, -20])])).toEqual({
      wasm: { absolute: 2e-3, relative: 1e-3 },
      webgpu: { absolute: 2e-2, relative: 1e-2 },
    });
  });

  it("never lets a backend pass that answers zeros", () => {
    for (const scale of [1e-3, 1, 1e6]) {
      const golden = tensor([scale, scale / 3]);
      for (const tolerance of Object.values(tolerances([golden])))
        expect(difference(tensor([0, 0]), golden, tolerance)).toContain("element 0");
    }
  });

  it("allows a rounding error on answers that are next to nothing", () => {
    const { webgpu } = tolerances([tensor([1.5e-6])]);
    expect(webgpu && difference(tensor([1.4e-6]), tensor([1.5e-6]), webgpu)).toBeUndefined();
  });

  it("takes whole numbers as they are", () => {
    expect(tolerances([tensor([3000], "int64")])["wasm"]?.absolute).toBe(1e-4);
  });
});

describe("toleranceOfSpread", () => {
  it("leaves room for four times the spread, from a floor up to a quarter of the answers", () => {
    const absolute = (spread: number) =>
      toleranceOfSpread("wasm", { spread, magnitude: 10 }).absolute;
    expect([0, 0.001, 0.1, 3].map(absolute)).toEqual([0.001, 0.004, 0.4, 2.5]);
  });
});

describe("scaleAnswers", () => {
  const named = (name: string, ...values: number[]) => ({ ...tensor(values), name });
  const scales = (...golden: Golden[]) =>
    scaleAnswers(golden).cases.map(({ outputs }) => outputs.map(({ scale = 1 }) => scale));

  it("gives an output the size of its largest typical answer, by the largest of all", () => {
    const both = (x: number, y: number) => ({
      inputs: [],
      outputs: [named("x", x), named("y", y)],
    });
    expect(scaleAnswers([both(50, 1), both(-100, 2)]).magnitude).toBe(100);
    expect(scales(both(50, 1), both(-100, 2))).toEqual([
      [1, 0.02],
      [1, 0.02],
    ]);
  });

  it("gives an edge its own size where that is larger, and no smaller one", () => {
    const edge = (x: number) => ({ inputs: [], outputs: [named("x", x)], role: "edge" as const });
    expect(scales({ inputs: [], outputs: [named("x", 2)] }, edge(100), edge(0))).toEqual([
      [1],
      [50],
      [1],
    ]);
  });
});

describe("largestDifference", () => {
  const golden = (...outputs: GoldenAnswer[]) => ({ inputs: [], outputs });

  it("is in units of each answer's scale", () => {
    const expected = golden({ ...tensor([10, 20]), scale: 10 });
    expect(largestDifference(expected, [tensor([11, 25])])).toBe(0.5);
  });

  it.each([
    ["missing", golden(tensor([1])), []],
    ["of another shape", golden(tensor([1])), [tensor([1, 1])]],
    ["NaN", golden(tensor([1, 1])), [tensor([Number.NaN, 1])]],
    ["another whole number", golden(tensor([1], "int64")), [tensor([2], "int64")]],
  ])("is infinite where an answer is %s", (_, expected, answers) => {
    expect(largestDifference(expected, answers)).toBe(Number.POSITIVE_INFINITY);
  });
});

describe("difference", () => {
  const exact = { absolute: 0, relative: 0 };

  it("takes float16 for the numbers it stands for", () => {
    const within = { absolute: 0.01, relative: 0 };
    expect(difference(tensor([1.005], "float16"), tensor([1], "float16"), within)).toBeUndefined();
    expect(difference(tensor([1.02], "float16"), tensor([1], "float16"), within)).toContain(
      "element 0",
    );
  });

  it("takes strings for what they spell, numbers or not", () => {
    const strings = (...list: string[]): NamedTensor => ({
      ...tensor([]),
      dtype: "string",
      dims: [list.length],
      bytes: encodeStrings(list),
    });
    const loose = { absolute: 1, relative: 1 };
    expect(difference(strings("a", ""), strings("a", ""), loose)).toBeUndefined();
    expect(difference(strings("1.0"), strings("1"), loose)).toBe(
      'output "y" is 1.0 instead of 1 at element 0',
    );
  });

  it("is nothing between equal answers", () => {
    expect(difference(tensor([1, 2]), tensor([1, 2]), exact)).toBeUndefined();
  });

  it("names the element", () => {
    expect(difference(tensor([1, 3]), tensor([1, 2]), exact)).toBe(
      'output "y" is 3 instead of 2 at element 1',
    );
  });

  it("never takes NaN for an answer", () => {
    expect(difference(tensor([Number.NaN]), tensor([1]), { absolute: 9, relative: 9 })).toContain(
      "NaN",
    );
  });

  it("takes whole numbers for what they are", () => {
    const lax = { absolute: 9, relative: 9 };
    expect(difference(tensor([4], "int64"), tensor([3], "int64"), lax)).toContain("4 instead of 3");
    expect(difference(tensor([3], "int64"), tensor([3], "int64"), lax)).toBeUndefined();
  });

  it("sees another shape, another type, and no answer at all", () => {
    expect(difference(tensor([1]), tensor([1, 2]), exact)).toContain("float32[1] instead of");
    expect(difference(tensor([1], "int32"), tensor([1]), exact)).toContain("int32[1] instead of");
    expect(difference(undefined, tensor([1]), exact)).toContain("missing");
  });
});

describe("toleranceOfVariant", () => {
  it("adds what quantizing was measured to cost, with room for a device's own rounding", () => {
    const fp32 = tolerances([tensor([1, -10])]);
    expect(toleranceOfVariant(0.2, ["webgpu"], fp32)).toEqual({
      webgpu: { absolute: 0.31, relative: 1e-2 },
    });
  });
});
