import fc from "fast-check";
import { expect, test } from "vitest";
import { PIECE_BYTES, pieceCount, pieceRange } from "./pieces.ts";

test("the pieces of a blob cover it once, in order, none longer than a MiB", () => {
  const around = fc
    .tuple(fc.integer({ min: 0, max: 50 }), fc.integer({ min: -2, max: 2 }))
    .map(([pieces, more]) => Math.max(0, pieces * PIECE_BYTES + more));
  fc.assert(
    fc.property(fc.oneof(around, fc.integer({ min: 0, max: 2 ** 31 })), (bytes) => {
      let end = 0;
      for (let index = 0; index < pieceCount(bytes); index++) {
        const range = pieceRange(bytes, index);
        expect(range.start).toBe(end);
        expect(range.end - range.start).toBeLessThanOrEqual(PIECE_BYTES);
        expect(range.end > range.start || bytes === 0).toBe(true);
        end = range.end;
      }
      expect(end).toBe(bytes);
    }),
  );
});

test.each([
  [0, 1],
  [1, 1],
  [PIECE_BYTES, 1],
  [PIECE_BYTES + 1, 2],
])("a blob of %d bytes has %d pieces", (bytes, pieces) => {
  expect(pieceCount(bytes)).toBe(pieces);
});
