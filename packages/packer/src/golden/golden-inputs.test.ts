import { describe, expect, it } from "vitest";
import { elementsOf, type NamedTensor, type RunnableType } from "../named-tensor.ts";
import { edgeInputs, goldenInputs } from "./golden-inputs.ts";

const declared = (dtype: RunnableType | undefined, dims: number[] | undefined) => ({
  inputs: [{ name: "x", dtype, dims }],
  outputs: [],
});
const first = (dtype: RunnableType, dims: number[]) => {
  const [tensor] = goldenInputs(declared(dtype, dims)).next().value ?? [];
  return tensor;
};

describe("goldenInputs", () => {
  it("makes the same inputs every time", () => {
    expect(first("float32", [-1, 3, -1])).toEqual(first("float32", [-1, 3, -1]));
  });

  it("takes a batch of one, and tries other free sizes from 64 on", () => {
    const tried = [...goldenInputs(declared("float32", [-1, 3, -1, -1]))].map(([x]) => x?.dims);
    expect(tried[0]).toEqual([1, 3, 64, 64]);
    expect(tried.at(-1)).toEqual([1, 3, 1, 1]);
  });

  it("passes over free sizes that make an input too large", () => {
    const [x] = goldenInputs(declared("float32", [1, -1, -1, -1, -1, -1])).next().value ?? [];
    expect(x?.dims).toEqual([1, 16, 16, 16, 16, 16]);
  });

  it("refuses an input too large to make before it takes any memory", () => {
    expect(() => goldenInputs(declared("float32", [1, 2 ** 40])).next()).toThrow(
      expect.objectContaining({ code: "model-unsupported" }),
    );
  });

  it("has one thing to try where every size is given", () => {
    expect([...goldenInputs(declared("float32", [2, 3]))]).toHaveLength(1);
  });

  it("spreads floats over -1 to 1", () => {
    const values = Array.from(elementsOf(first("float32", [1, 4096]) ?? expect.fail()), Number);
    expect(Math.min(...values)).toBeLessThan(-0.9);
    expect(Math.max(...values)).toBeGreaterThan(0.9);
    expect(values.every((value) => Math.abs(value) <= 1)).toBe(true);
  });

  it("draws small integers, and zeros and ones after that, as flags take them", () => {
    const limits = [...goldenInputs(declared("int64", [1, 256]))].map(([x]) =>
      Math.max(...Array.from(elementsOf(x ?? expect.fail()), Number)),
    );
    expect(limits).toEqual([9, 1]);
  });

  it.each([
    [undefined, [1], "type"],
    ["float32" as const, undefined, "rank"],
  ])("asks for a golden file where the model does not say enough", (dtype, dims, what) => {
    expect(() => goldenInputs(declared(dtype, dims)).next()).toThrow(
      expect.objectContaining({
        code: "model-unsupported",
        message: expect.stringMatching(new RegExp(`${what}.*--golden`)),
      }),
    );
  });
});

describe("edgeInputs", () => {
  const valuesOf = (candidates: Generator<NamedTensor[]> | undefined) => {
    const [x] = candidates?.next().value ?? [];
    return {
      dims: x?.dims,
      values: [...new Set(Array.from(elementsOf(x ?? expect.fail()), Number))],
    };
  };

  it("has zeros and extremes of the smallest sizes, and noise of the largest", () => {
    const [zeros, extremes, largest] = edgeInputs(declared("float32", [-1, 64, -1]), 10_000_000);
    expect(valuesOf(zeros)).toEqual({ dims: [1, 64, 1], values: [0] });
    expect(valuesOf(extremes).dims).toEqual([1, 64, 1]);
    expect(
      valuesOf(edgeInputs(declared("float32", [-1, 64, -1]), 10_000_000)[1]).values.sort(),
    ).toEqual([-255, 255]);
    expect(valuesOf(largest).dims).toEqual([2, 64, 128]);
  });

  it("has whole numbers from any vocabulary at its extremes", () => {
    const [zeros, extremes] = edgeInputs(declared("int64", [1, 8]), 10_000_000);
    expect(valuesOf(zeros).values).toEqual([0]);
    expect(valuesOf(extremes).values).toEqual([1]);
  });

  it("makes nothing larger than may be", () => {
    const made = edgeInputs(declared("float32", [-1, 64, -1]), 1000).map(valuesOf);
    expect(made.map(({ dims }) => dims)).toEqual([
      [1, 64, 1],
      [1, 64, 1],
      [1, 64, 8],
    ]);
    const fixed = edgeInputs(declared("float32", [1, 2 ** 40]), 1000);
    expect(fixed.flatMap((candidates) => [...candidates])).toEqual([]);
  });

  it("has nothing for a model without inputs, or that does not say what it takes", () => {
    expect(edgeInputs({ inputs: [], outputs: [] }, 1000)).toEqual([]);
    expect(edgeInputs(declared("float32", undefined), 1000)).toEqual([]);
    expect(edgeInputs(declared(undefined, [1]), 1000)).toEqual([]);
  });
});
