import { type BlobRef, PIECE_BYTES, pieceCount } from "@selvedge/protocol";
import fc from "fast-check";
import { expect, test } from "vitest";
import { pieceId, pieceKeys } from "../store/pieces.ts";
import { planBytes, planFetch } from "./plan.ts";

interface Layout {
  readonly segments: readonly { readonly sha256: string; readonly bytes: number }[];
  readonly blobs: readonly BlobRef[];
}

/** Blobs one after another in each segment, with bytes between them that are no one's. */
function layOut(segments: readonly (readonly { bytes: number; gap: number }[])[]): Layout {
  const blobs: BlobRef[] = [];
  const digest = () => `${blobs.length}`.padStart(64, "0");
  const laidOut = segments.map((members, segment) => {
    let end = 0;
    for (const { bytes, gap } of members) {
      const chunks = Array.from({ length: pieceCount(bytes) }, (_, i) => `${blobs.length}.${i}`);
      blobs.push({
        bytes,
        sha256: digest(),
        at: { segment, offset: end + gap, length: bytes },
        chunks,
      });
      end += gap + bytes;
    }
    return { sha256: `segment ${segment}`, bytes: end };
  });
  return { segments: laidOut, blobs };
}

const bytes = fc.oneof(
  fc.constantFrom(0, 1, PIECE_BYTES - 1, PIECE_BYTES, PIECE_BYTES + 1, 3 * PIECE_BYTES),
  fc.integer({ min: 0, max: 5 * PIECE_BYTES }),
);
const gap = fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 5000 }));
const layout = fc
  .array(fc.array(fc.record({ bytes, gap }), { maxLength: 6 }), { maxLength: 4 })
  .map(layOut);

/** A layout, some of its pieces, and its blobs in any order. */
const situation = layout.chain((laidOut) => {
  const keys = laidOut.blobs.flatMap(pieceKeys).map(pieceId);
  return fc.record({
    segments: fc.constant(laidOut.segments),
    blobs: fc.shuffledSubarray([...laidOut.blobs], { minLength: laidOut.blobs.length }),
    missing: fc.subarray(keys).map((subset) => new Set(subset)),
  });
});

test("a plan fetches exactly the missing pieces, each once", () => {
  fc.assert(
    fc.property(situation, ({ segments, blobs, missing }) => {
      const planned = planFetch(segments, blobs, missing)
        .flatMap(({ pieces }) => pieces)
        .map(({ key }) => pieceId(key));
      expect([...planned].sort()).toEqual([...missing].sort());
    }),
  );
});

test("a range has no gap inside it, stays in its segment and has no byte that is held", () => {
  fc.assert(
    fc.property(situation, ({ segments, blobs, missing }) => {
      const plan = planFetch(segments, blobs, missing);
      for (const { segment, pieces } of plan) {
        for (const [index, piece] of pieces.entries()) {
          const next = pieces[index + 1];
          if (next !== undefined) expect(next.start).toBe(piece.end);
          expect(piece.end).toBeLessThanOrEqual(segment.bytes);
        }
      }
      const wanted = blobs
        .flatMap((blob) => pieceKeys(blob).map((key) => ({ key, blob })))
        .filter(({ key }) => missing.has(pieceId(key)))
        .map(({ key: [, index], blob }) => Math.min(PIECE_BYTES, blob.bytes - index * PIECE_BYTES));
      expect(planBytes(plan)).toBe(wanted.reduce((sum, size) => sum + size, 0));
    }),
  );
});

test("there are no more ranges than gaps between missing pieces: two never touch", () => {
  fc.assert(
    fc.property(situation, ({ segments, blobs, missing }) => {
      const plan = planFetch(segments, blobs, missing);
      for (const [index, { segment, pieces }] of plan.entries()) {
        const next = plan[index + 1];
        if (next?.segment === segment)
          expect(next.pieces[0].start).toBeGreaterThan(pieces.at(-1)?.end ?? 0);
      }
    }),
  );
});

test("a pack of which nothing is held is one range a segment", () => {
  const { segments, blobs } = layOut([
    [
      { bytes: 3 * PIECE_BYTES, gap: 0 },
      { bytes: 0, gap: 0 },
      { bytes: 10, gap: 0 },
    ],
  ]);
  const missing = new Set(blobs.flatMap(pieceKeys).map(pieceId));
  expect(planFetch(segments, [...blobs].reverse(), missing)).toMatchObject([
    { segment: segments[0], pieces: { length: 5 } },
  ]);
});
