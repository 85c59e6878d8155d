import { expect, test } from "vitest";
import { UsageError } from "./command-line.ts";
import { readTolerances } from "./read-tolerances.ts";

test("each place has an absolute and a relative part", () => {
  expect(readTolerances(["wasm=1e-4,0.001", "q8/webgpu=0.5,0"])).toEqual({
    wasm: { absolute: 1e-4, relative: 0.001 },
    "q8/webgpu": { absolute: 0.5, relative: 0 },
  });
  expect(readTolerances(undefined)).toBeUndefined();
});

test.each([
  [["wasm"]],
  [["wasm=1"]],
  [["=1,1"]],
  [["wasm=1,x"]],
  [["wasm=-1,0"]],
  [["wasm=1,Infinity"]],
  [["wasm=1,2,3"]],
  [["wasm=1,0", "wasm=1,0"]],
])("%j is refused", (list) => {
  expect(() => readTolerances(list)).toThrow(UsageError);
});
