import type { ElementType } from "@selvedge/protocol";
import { expect, test } from "vitest";
import type { TensorData } from "../../tensor.ts";
import { tile } from "./tile.ts";

const tensor = (type: ElementType, data: TensorData, dims: readonly number[]) => ({
  type,
  data,
  dims,
});

test("elements come again along every axis, in order", () => {
  const golden = tensor("float32", Float32Array.of(1, 2, 3, 4, 5, 6), [2, 3]);
  expect(tile(golden, [3, 4])).toEqual(
    tensor("float32", Float32Array.of(1, 2, 3, 1, 4, 5, 6, 4, 1, 2, 3, 1), [3, 4]),
  );
});

test("every element is the one at its place, taken round", () => {
  const from = [2, 3, 2];
  const to = [3, 2, 5];
  const golden = tensor(
    "int32",
    Int32Array.from({ length: 12 }, (_, i) => i),
    from,
  );
  const { data } = tile(golden, to);
  const wanted = [];
  for (let a = 0; a < 3; a++)
    for (let b = 0; b < 2; b++)
      for (let c = 0; c < 5; c++) wanted.push((a % 2) * 6 + (b % 3) * 2 + (c % 2));
  expect([...data]).toEqual(wanted);
});

test("smaller dims take the first elements", () => {
  const golden = tensor("uint8", Uint8Array.of(1, 2, 3, 4), [2, 2]);
  expect(tile(golden, [1, 2])).toEqual(tensor("uint8", Uint8Array.of(1, 2), [1, 2]));
});

test("values stay ones that the golden input has, whatever their type", () => {
  expect(tile(tensor("int64", BigInt64Array.of(16000n), [1]), [3]).data).toEqual(
    BigInt64Array.of(16000n, 16000n, 16000n),
  );
  expect(tile(tensor("string", ["a", "b"], [2]), [3]).data).toEqual(["a", "b", "a"]);
  expect(tile(tensor("float16", Uint16Array.of(0x3c00), [1]), [2]).data).toEqual(
    Uint16Array.of(0x3c00, 0x3c00),
  );
});

test("no axis at all is one element, and an axis of nothing has none", () => {
  expect(tile(tensor("float32", Float32Array.of(7), []), []).data).toEqual(Float32Array.of(7));
  expect(tile(tensor("float32", Float32Array.of(7, 8), [2]), [0]).data).toHaveLength(0);
});

test.each([
  ["of another rank", tensor("float32", Float32Array.of(1), [1]), [1, 1]],
  ["with no elements to take", tensor("float32", new Float32Array(0), [0]), [2]],
  ["whose elements are packed", tensor("int4", Uint8Array.of(0x21), [2]), [4]],
])("a tensor %s stays as it is", (_why, golden, dims) => {
  expect(tile(golden, dims)).toBe(golden);
});
