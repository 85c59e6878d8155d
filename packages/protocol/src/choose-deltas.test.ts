import fc from "fast-check";
import { expect, test } from "vitest";
import { type Base, baseOf, chooseDeltas } from "./choose-deltas.ts";
import type { BlobRef, TensorRef } from "./manifest.ts";

function blob(id: string, bytes: number): BlobRef {
  return { bytes, sha256: id, at: { segment: 0, offset: 0, length: bytes } };
}

function tensor(id: string, bytes: number, delta?: { base: string; bytes: number }): TensorRef {
  const ref = { name: id, dtype: "uint8" as const, dims: [bytes], ...blob(id, bytes) };
  if (delta === undefined) return ref;
  const codec = "sub-zz-shuf+gzip";
  return {
    ...ref,
    delta: { base: delta.base, codec, ...blob(`delta of ${id} from ${delta.base}`, delta.bytes) },
  };
}

const holding = (...held: string[]) => ({
  missingBytes: ({ sha256, bytes }: BlobRef) => (held.includes(sha256) ? 0 : bytes),
  isHeld: ({ sha256 }: Base) => held.includes(sha256),
});

test("a delta is taken where the tensor is missing and its base is held", () => {
  const changed = tensor("new", 100, { base: "old", bytes: 20 });
  expect(chooseDeltas([changed], holding("old"))).toEqual([changed]);
  expect(chooseDeltas([changed], holding())).toEqual([]);
  expect(chooseDeltas([changed], holding("old", "new"))).toEqual([]);
  expect(chooseDeltas([tensor("new", 100)], holding("old"))).toEqual([]);
});

test("a delta is not taken where the rest of the tensor is no more than that", () => {
  const changed = tensor("new", 100, { base: "old", bytes: 20 });
  for (const [missing, taken] of [
    [21, 1],
    [20, 0],
    [5, 0],
  ] as const)
    expect(
      chooseDeltas([changed], { missingBytes: () => missing, isHeld: () => true }),
    ).toHaveLength(taken);
});

test("of equal tensors the one with the smaller delta is taken, once", () => {
  const twins = [30, 20, 25].map((bytes, i) => tensor("new", 100, { base: `old${i}`, bytes }));
  expect(chooseDeltas(twins, holding("old0", "old1", "old2"))).toEqual([twins[1]]);
  expect(chooseDeltas(twins, holding("old2"))).toEqual([twins[2]]);
});

test("deltas never cost more than what they stand for", () => {
  const digest = fc.constantFrom("a", "b", "c", "d", "e");
  const weight = fc
    .record({ id: digest, base: digest, delta: fc.integer({ min: 1, max: 99 }) })
    .map(({ id, base, delta }) => tensor(id, 100, { base, bytes: delta }));
  fc.assert(
    fc.property(fc.array(weight), fc.array(digest), (tensors, held) => {
      const has = holding(...held);
      const chosen = chooseDeltas(tensors, has);
      expect(new Set(chosen.map(({ sha256 }) => sha256)).size).toBe(chosen.length);
      for (const each of chosen) {
        expect(has.isHeld(baseOf(each))).toBe(true);
        expect(each.delta.bytes).toBeLessThan(has.missingBytes(each));
      }
    }),
  );
});
