import {
  type BlobRef,
  MANIFEST_FORMAT,
  type Manifest,
  PIECE_BYTES,
  pieceCount,
  type TensorRef,
} from "@selvedge/protocol";
import fc from "fast-check";
import { expect, test } from "vitest";
import { firstVariant } from "../store/pack.fixture.ts";
import { pieceId, pieceKeys } from "../store/pieces.ts";
import { planWith } from "./plan-delivery.ts";

interface Weight {
  readonly bytes: number;
  /** Share of the tensor's bytes that its delta takes; none has no delta. */
  readonly delta: number | undefined;
}

/** A pack of one variant; tensor `i` may have a delta from `base i`, in a segment of deltas. */
function packOf(weights: readonly Weight[]): Manifest {
  const ends = [0, 0];
  const blob = (sha256: string, bytes: number, segment: 0 | 1): BlobRef => {
    const at = { segment, offset: ends[segment] ?? 0, length: bytes };
    ends[segment] = at.offset + bytes;
    const chunks = Array.from({ length: pieceCount(bytes) }, (_, i) => `${sha256}.${i}`);
    return { bytes, sha256, at, chunks };
  };
  const tensors = weights.map(({ bytes, delta }, i): TensorRef => {
    const ref = { name: `w${i}`, dtype: "uint8" as const, dims: [bytes] };
    const tensor = { ...ref, ...blob(`tensor ${i}`, bytes, 0) };
    if (delta === undefined || bytes === 0) return tensor;
    const short = blob(`delta ${i}`, Math.floor(delta * (bytes - 1)), 1);
    return { ...tensor, delta: { base: `base ${i}`, codec: "sub-zz-shuf+gzip", ...short } };
  });
  const graph = blob("graph", 100, 0);
  return {
    format: MANIFEST_FORMAT,
    name: "m",
    version: "1",
    license: "unknown",
    provenance: { source: { file: "m.onnx", bytes: 1, sha256: "" }, tools: {} },
    signature: { inputs: [], outputs: [] },
    segments: ends.map((bytes, i) => ({ sha256: `segment ${i}`, bytes })),
    golden: { tolerance: {}, cases: [] },
    attachments: [],
    variants: [
      {
        dtype: "fp32",
        engine: "onnx",
        backends: ["wasm"],
        requires: [],
        memoryBytes: 0,
        graph,
        tensors,
      },
    ],
  };
}

const weight = fc.record({
  bytes: fc.oneof(fc.integer({ min: 0, max: 3000 }), fc.integer({ max: 3 * PIECE_BYTES, min: 0 })),
  delta: fc.option(fc.double({ min: 0, max: 1, noNaN: true }), { nil: undefined }),
});

/** A pack, and a store that lacks some of what it needs or could use. */
const situation = fc.array(weight, { maxLength: 6 }).chain((weights) => {
  const manifest = packOf(weights);
  const tensors = manifest.variants[0]?.tensors ?? [];
  const keys = [
    ...["graph", ...tensors.map(({ sha256 }) => sha256)].flatMap((sha256) =>
      pieceKeys({ sha256, bytes: tensors.find((t) => t.sha256 === sha256)?.bytes ?? 100 }),
    ),
    ...tensors.flatMap(({ bytes, delta }) =>
      delta === undefined ? [] : pieceKeys({ sha256: delta.base, bytes }),
    ),
  ].map(pieceId);
  return fc.record({
    manifest: fc.constant(manifest),
    tensors: fc.constant(tensors),
    missing: fc.subarray(keys).map((subset) => new Set(subset)),
    refused: fc.subarray(tensors.map(({ sha256 }) => sha256)).map((subset) => new Set(subset)),
  });
});

test("every missing piece is fetched, or made by a delta whose base is all there", () => {
  fc.assert(
    fc.property(situation, ({ manifest, tensors, missing, refused }) => {
      const plan = planWith(missing, { manifest, variant: firstVariant(manifest), refused });
      const fetched = plan.ranges.flatMap(({ pieces }) => pieces.map(({ key }) => pieceId(key)));
      const made = plan.deltas.flatMap(pieceKeys).map(pieceId);
      const wanted = ["graph/0", ...tensors.flatMap(pieceKeys).map(pieceId)].filter((id) =>
        missing.has(id),
      );
      expect(new Set([...fetched, ...made.filter((id) => missing.has(id))])).toEqual(
        new Set(wanted),
      );
      for (const { bytes, delta, sha256 } of plan.deltas) {
        expect(refused.has(sha256)).toBe(false);
        for (const key of pieceKeys({ sha256: delta.base, bytes }))
          expect(missing.has(pieceId(key))).toBe(false);
      }
    }),
  );
});

test("with deltas a plan never fetches more than without, and says how much to the byte", () => {
  fc.assert(
    fc.property(situation, ({ manifest, tensors, missing }) => {
      const plan = planWith(missing, { manifest, variant: firstVariant(manifest) });
      const all = new Set(tensors.map(({ sha256 }) => sha256));
      const plain = planWith(missing, { manifest, variant: firstVariant(manifest), refused: all });
      expect(plain.deltas).toEqual([]);
      expect(plan.bytes).toBeLessThanOrEqual(plain.bytes);
      const total = 100 + tensors.reduce((sum, { bytes }) => sum + bytes, 0);
      expect(plain.heldBytes + plain.bytes).toBe(total);
      expect(plan.heldBytes).toBe(plain.heldBytes);
      const sizes = [...plan.ranges, ...plan.deltaRanges]
        .flatMap(({ pieces }) => pieces)
        .map(({ start, end }) => end - start);
      expect(plan.bytes).toBe(sizes.reduce((sum, size) => sum + size, 0));
    }),
  );
});

test("deltas that lie one after another are one request", () => {
  const manifest = packOf([1, 2, 3].map(() => ({ bytes: 5000, delta: 0.3 })));
  const tensors = manifest.variants[0]?.tensors ?? [];
  const missing = new Set(tensors.flatMap(pieceKeys).map(pieceId));
  const plan = planWith(missing, { manifest, variant: firstVariant(manifest) });
  expect(plan.ranges).toEqual([]);
  expect(plan.deltaRanges).toMatchObject([{ pieces: { length: 3 } }]);
});
