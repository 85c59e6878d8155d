import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { variedInputs } from "./varied-inputs.ts";

const signature = (...dims: number[]) => [{ name: "x", dtype: "float32" as const, dims }];

function tensor(...dims: number[]) {
  const length = dims.reduce((product, dim) => product * dim, 1);
  const data = Float32Array.from({ length }, (_, i) => i + 1);
  return { name: "x", dtype: "float32", dims, data };
}

const dimsOf = (inputs: ReturnType<typeof variedInputs>) => inputs.map(([x]) => x?.dims);

describe("variedInputs", () => {
  it("changes nothing where nothing is free", () => {
    expect(variedInputs(signature(1, 4), [tensor(1, 4)])).toEqual([]);
  });

  it("changes the batch and other free dims apart, and keeps what is given", () => {
    const dims = dimsOf(variedInputs(signature(-1, 3, -1), [tensor(1, 3, 16)]));
    expect(dims).toContainEqual([2, 3, 16]);
    expect(dims).toContainEqual([1, 3, 33]);
    expect(dims).toContainEqual([1, 3, 8]);
    expect(dims.every((found) => found?.[1] === 3)).toBe(true);
    expect(dims).not.toContainEqual([1, 3, 16]);
    expect(new Set(dims.map(String)).size).toBe(dims.length);
  });

  it("takes the one axis of a list for its length, and not for a batch", () => {
    const dims = dimsOf(variedInputs(signature(-1), [tensor(16)]));
    for (const length of [2, 5, 8, 24, 33, 160]) expect(dims).toContainEqual([length]);
  });

  it("takes it for a batch where another input has one", () => {
    const lengths = { ...tensor(1), name: "lengths" };
    const free = [{ name: "lengths", dtype: "float32" as const, dims: [-1] }];
    const both = variedInputs([...signature(-1, -1), ...free], [tensor(1, 16), lengths]);
    expect(both.map(([x, list]) => [x?.dims[0], list?.dims[0]])).toEqual(
      both.map(([x]) => [x?.dims[0], x?.dims[0]]),
    );
    expect(dimsOf(both)).toContainEqual([1, 33]);
  });

  it("makes inputs of the dims that it is told of, fixed ones too", () => {
    const dims = dimsOf(variedInputs(signature(1, 4), [tensor(1, 4)], [{ x: [1, 9] }]));
    expect(dims).toEqual([[1, 9]]);
  });

  it("fills every size with the elements there are, over and over", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 40 }), fc.nat(300), (length, size) => {
        const [[x] = []] = variedInputs(
          signature(1, length),
          [tensor(1, length)],
          [{ x: [1, size] }],
        );
        const expected = Float32Array.from({ length: size }, (_, i) => (i % length) + 1);
        // What was given is not given once more.
        expect(x?.data).toEqual(size === length ? undefined : expected);
      }),
    );
  });

  it("repeats texts as well, and leaves what is empty alone", () => {
    const texts = { name: "x", dtype: "string", dims: [2], data: ["a", "b"] };
    const [[x] = []] = variedInputs(signature(2), [texts], [{ x: [3] }]);
    expect(x).toEqual({ ...texts, dims: [3], data: ["a", "b", "a"] });
    const empty = { ...texts, dims: [0], data: [] };
    expect(variedInputs(signature(0), [empty], [{ x: [3] }])).toEqual([[empty]]);
  });
});
