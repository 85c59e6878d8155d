import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ELEMENT_TYPES, type ElementType, tensorBytes } from "./element-type.ts";
import { applyTensorDelta, applyTensorDeltaPart, makeTensorDelta } from "./tensor-delta.ts";

const DTYPES = ELEMENT_TYPES.filter((dtype) => dtype !== "string");
const bytesOfOne = (dtype: ElementType) => tensorBytes(dtype, [1]) ?? 0;
const bytesOf = (values: { buffer: ArrayBufferLike }) => new Uint8Array(values.buffer).slice();

/** Two tensors of any bytes; each begins somewhere inside a larger buffer. */
const pair = (size: number) =>
  fc.integer({ min: 0, max: 40 }).chain((count) => {
    const bytes = fc.uint8Array({ minLength: count * size + 3, maxLength: count * size + 3 });
    return fc.tuple(bytes, bytes).map(([a, b]) => [a.subarray(3), b.subarray(3)] as const);
  });

describe.each(DTYPES)("%s", (dtype) => {
  const size = bytesOfOne(dtype);

  test("undoing a delta gives the tensor back, whatever the bytes", () => {
    fc.assert(
      fc.property(pair(size), ([base, next]) => {
        const before = [base.slice(), next.slice()];
        const delta = makeTensorDelta(dtype, base, next);
        expect(applyTensorDelta(dtype, base, delta)).toEqual(next.slice());
        expect([base.slice(), next.slice()]).toEqual(before);
      }),
    );
  });

  test("undone part by part it comes to the same, wherever it is cut", () => {
    const cuts = fc.array(fc.integer({ min: 0, max: 40 }), { maxLength: 5 });
    fc.assert(
      fc.property(pair(size), cuts, ([base, next], where) => {
        const delta = makeTensorDelta(dtype, base, next);
        const inside = where.map((cut) => Math.min(cut * size, base.length));
        const edges = [0, ...inside, base.length].sort((a, b) => a - b);
        const parts = edges.slice(1).map((end, i) => {
          const start = edges[i] ?? 0;
          return applyTensorDeltaPart(dtype, { base: base.subarray(start, end), delta, start });
        });
        expect(parts.flatMap((part) => [...part])).toEqual([...next]);
      }),
    );
  });

  test("a part that is not within the tensor is refused", () => {
    const [base, delta] = [new Uint8Array(2 * size), new Uint8Array(3 * size)];
    for (const start of [-size, 2 * size, 0.5])
      expect(() => applyTensorDeltaPart(dtype, { base, delta, start })).toThrow(RangeError);
  });

  test("whatever a delta says, undoing it gives as many bytes as the base has", () => {
    fc.assert(
      fc.property(pair(size), ([base, delta]) => {
        expect(applyTensorDelta(dtype, base, delta)).toHaveLength(base.length);
      }),
    );
  });

  test("nothing changed is all zeros", () => {
    fc.assert(
      fc.property(pair(size), ([base]) => {
        expect(makeTensorDelta(dtype, base, base).every((byte) => byte === 0)).toBe(true);
      }),
    );
  });

  test("a base of another length is refused", () => {
    const [one, two] = [new Uint8Array(size), new Uint8Array(2 * size)];
    expect(() => makeTensorDelta(dtype, one, two)).toThrow(RangeError);
    expect(() => applyTensorDelta(dtype, one, two)).toThrow(RangeError);
  });
});

test.each(DTYPES.filter((dtype) => bytesOfOne(dtype) > 1))(
  "a length that is not a multiple of a %s is refused",
  (dtype) => {
    const odd = new Uint8Array(bytesOfOne(dtype) + 1);
    expect(() => makeTensorDelta(dtype, odd, odd)).toThrow(RangeError);
    expect(() => applyTensorDelta(dtype, odd, odd)).toThrow(RangeError);
  },
);

test.each([
  ["float32", Float32Array],
  ["float64", Float64Array],
] as const)("%s: NaN, infinities and both zeros come through", (dtype, Floats) => {
  const special = [0, -0, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 1, -1];
  const pairs = special.flatMap((a) => special.map((b) => [a, b] as const));
  const base = bytesOf(Floats.from(pairs.map(([a]) => a)));
  const next = bytesOf(Floats.from(pairs.map(([, b]) => b)));
  expect(applyTensorDelta(dtype, base, makeTensorDelta(dtype, base, next))).toEqual(next);
});

test.each([
  ["float32", Float32Array],
  ["float64", Float64Array],
] as const)("%s: a step to the next float is one, across zero too", (dtype, Floats) => {
  const tiny = dtype === "float32" ? 2 ** -149 : 2 ** -1074;
  const epsilon = dtype === "float32" ? 2 ** -23 : 2 ** -52;
  const base = bytesOf(Floats.from([1, -1, -0, 0, -tiny]));
  const next = bytesOf(Floats.from([1 + epsilon, -1 - epsilon, 0, tiny, -0]));
  // By zigzag, one up is 2 and one down is 1; the lowest bytes of all elements come first.
  const delta = makeTensorDelta(dtype, base, next);
  expect([...delta.subarray(0, 5)]).toEqual([2, 1, 2, 2, 2]);
  expect(delta.subarray(5).every((byte) => byte === 0)).toBe(true);
});

test("the format is what it is", () => {
  const base = bytesOf(Int16Array.from([0, 100, -32768]));
  const next = bytesOf(Int16Array.from([1, -200, 32767]));
  expect([...makeTensorDelta("int16", base, next)]).toEqual([2, 599 & 255, 1, 0, 599 >> 8, 0]);
});

test("strings have no delta", () => {
  const nothing = new Uint8Array();
  expect(() => makeTensorDelta("string", nothing, nothing)).toThrow(RangeError);
});
