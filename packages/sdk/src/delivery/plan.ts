import { type BlobRef, type Manifest, pieceDigests, pieceRange } from "@selvedge/protocol";
import { pieceId } from "../store/pieces.ts";

/** A piece to fetch, and where it lies in its segment. */
export interface WantedPiece {
  readonly key: [sha256: string, index: number];
  readonly digest: string;
  /** Bytes `[start, end)` of the segment. */
  readonly start: number;
  readonly end: number;
}

/** One request: pieces that lie one after the other in a segment, without a gap. */
export interface RangeRequest {
  readonly segment: { readonly sha256: string; readonly bytes: number };
  readonly pieces: readonly [WantedPiece, ...WantedPiece[]];
}

/**
 * What has to be fetched so that blobs are complete: the missing pieces, each once, as few ranges as
 * there are gaps between them.
 *
 * @param missing ids of the pieces the store lacks
 */
export function planFetch(
  segments: Manifest["segments"],
  blobs: readonly BlobRef[],
  missing: ReadonlySet<string>,
): RangeRequest[] {
  return segments.flatMap((segment, index) => {
    const pieces = blobs
      .filter((blob) => blob.at.segment === index)
      .flatMap(piecesOf)
      .filter(({ key }) => missing.has(pieceId(key)))
      .sort((a, b) => a.start - b.start || a.end - b.end);
    return runsOf(pieces).map((run) => ({ segment, pieces: run }));
  });
}

/** Bytes a plan fetches. */
export function planBytes(plan: readonly RangeRequest[]): number {
  return plan.flatMap(({ pieces }) => pieces).reduce((sum, { start, end }) => sum + end - start, 0);
}

function piecesOf(blob: BlobRef): WantedPiece[] {
  return pieceDigests(blob).map((digest, index) => {
    const { start, end } = pieceRange(blob.bytes, index);
    return {
      key: [blob.sha256, index],
      digest,
      start: blob.at.offset + start,
      end: blob.at.offset + end,
    };
  });
}

function runsOf(pieces: readonly WantedPiece[]): [WantedPiece, ...WantedPiece[]][] {
  const runs: [WantedPiece, ...WantedPiece[]][] = [];
  for (const piece of pieces) {
    const run = runs.at(-1);
    if (run?.at(-1)?.end === piece.start) run.push(piece);
    else runs.push([piece]);
  }
  return runs;
}
