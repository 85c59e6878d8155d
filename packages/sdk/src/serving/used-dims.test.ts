import { expect, test, vi } from "vitest";
import { elementsOf, UsedDims } from "./used-dims.ts";

const inputs = (...dims: number[][]) =>
  Object.fromEntries(
    dims.map((each, i) => [
      `x${i}`,
      { type: "float32" as const, data: new Float32Array(0), dims: each },
    ]),
  );

test("nothing is known before the first call", () => {
  expect(new UsedDims().largest).toBeUndefined();
});

test("the dims of the largest call are kept, all of one call", () => {
  const used = new UsedDims();
  used.note(inputs([2, 3], [1]));
  used.note(inputs([1, 1], [5]));
  expect(used.largest).toEqual({ x0: [2, 3], x1: [1] });
  used.note(inputs([1, 1], [7]));
  expect(used.largest).toEqual({ x0: [1, 1], x1: [7] });
});

test("whoever waits for larger ones is told of those, and of no others", () => {
  const used = new UsedDims();
  used.onGrow = vi.fn();
  used.note(inputs([4]));
  used.note(inputs([4]));
  used.note(inputs([3]));
  expect(used.onGrow).toHaveBeenCalledTimes(1);
});

test("what is kept is no one else's array", () => {
  const used = new UsedDims();
  const dims = [4];
  used.note(inputs(dims));
  dims[0] = 9;
  expect(used.largest).toEqual({ x0: [4] });
});

test("elements of all inputs are counted, of none there are none", () => {
  expect(elementsOf({ x: [2, 3], y: [] })).toBe(7);
  expect(elementsOf({})).toBe(0);
});
