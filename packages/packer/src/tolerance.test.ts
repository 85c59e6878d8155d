import { describe, expect, it } from "vitest";
import { bytesFrom, type NamedTensor, type RunnableType } from "./named-tensor.ts";
import { difference, toleranceOfVariant, tolerances } from "./tolerance.ts";

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

describe("difference", () => {
  const exact = { absolute: 0, relative: 0 };

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
    const golden = [{ inputs: [], outputs: [tensor([1, -10])] }];
    const error = { snrDb: 20, maxDifference: 0.2 };
    expect(toleranceOfVariant(error, ["webgpu"], golden)).toEqual({
      webgpu: { absolute: 0.31, relative: 1e-2 },
    });
  });
});
