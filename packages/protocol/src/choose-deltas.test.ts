import fc from "fast-check";
import { expect, test } from "vitest";
import { type Base, baseOf, chooseDeltas, type DeltaBlob, deltaBlobs } from "./choose-deltas.ts";
import type { BlobRef } from "./manifest.ts";

function blob(id: string, bytes: number): BlobRef {
  return { bytes, sha256: id, at: { segment: 0, offset: 0, length: bytes } };
}

function tensor(id: string, bytes: number, delta: { base: string; bytes: number }) {
  const codec = "sub-zz-shuf+gzip";
  return {
    ...{ name: id, dtype: "float32" as const, dims: [bytes / 4], ...blob(id, bytes) },
    delta: { base: delta.base, codec, ...blob(`delta of ${id} from ${delta.base}`, delta.bytes) },
  } satisfies DeltaBlob & { name: string; dims: number[] };
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

test("what has a delta may be a graph, whose elements are bytes, a weight or a golden answer", () => {
  const [changed, answer] = ["w", "y"].map((id) => tensor(id, 8, { base: "old", bytes: 2 }));
  if (changed === undefined || answer === undefined) throw new Error("no tensors");
  const { name: _, dims: __, dtype: ___, ...graph } = tensor("graph", 9, { base: "o", bytes: 2 });
  const { delta: ____, ...plain } = changed;
  const variant = { dtype: "fp32", engine: "onnx", backends: ["wasm"], requires: [] } as const;
  const manifest = {
    variants: [{ ...variant, memoryBytes: 0, graph, tensors: [plain, changed] }],
    golden: { tolerance: {}, cases: [{ inputs: [plain], outputs: [answer] }] },
  };
  expect(deltaBlobs(manifest)).toEqual([{ ...graph, dtype: "uint8" }, changed, answer]);
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
