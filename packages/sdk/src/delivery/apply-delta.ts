import {
  applyTensorDeltaPart,
  baseOf,
  type DeltaBlob,
  pieceDigests,
  pieceRange,
} from "@selvedge/protocol";
import type { Database } from "../store/database.ts";
import type { Hasher } from "../store/hasher.ts";
import { readPieceUnchecked } from "../store/pieces.ts";
import type { PieceWriter } from "./piece-writer.ts";

/** What deltas are undone with. */
interface ApplyOptions {
  readonly database: Database;
  readonly writer: PieceWriter;
  /** One for all deltas: what it hashes in is held as long as what it hashed would be. */
  readonly hasher: Hasher;
  readonly signal: AbortSignal;
}

/**
 * Makes a blob of its base, piece by piece, and writes those pieces that have the digest they should.
 *
 * @param difference what the delta inflates to, as long as the blob
 * @returns whether all of them had: a piece that has not comes of a base that is damaged, or of a
 * delta that leads elsewhere
 */
export async function applyDelta(
  blob: DeltaBlob,
  difference: Uint8Array,
  { database, writer, hasher, signal }: ApplyOptions,
): Promise<boolean> {
  let isWhole = true;
  for (const [index, digest] of pieceDigests(blob).entries()) {
    const { start, end } = pieceRange(blob.bytes, index);
    const bytes = end - start;
    // For the base's piece, and what undoing eight-byte elements needs besides.
    const scratchBytes = 2 * bytes;
    await writer.room(scratchBytes, signal);
    await writer.room(bytes, signal);
    let piece: ArrayBuffer | undefined;
    try {
      const base = await readPieceUnchecked(database, [baseOf(blob).sha256, index]);
      if (base?.byteLength === bytes) {
        const part = { base: new Uint8Array(base), delta: difference, start };
        const made = applyTensorDeltaPart(blob.dtype, part);
        if ((await hasher.sha256(made)) === digest) piece = made.buffer;
      }
    } finally {
      writer.drop(scratchBytes);
      if (piece === undefined) writer.drop(bytes);
    }
    if (piece === undefined) isWhole = false;
    else await writer.add({ key: [blob.sha256, index], bytes: piece });
  }
  return isWhole;
}
