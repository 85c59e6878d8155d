import {
  applyTensorDelta,
  baseOf,
  type DeltaBlob,
  pieceDigests,
  pieceRange,
  sha256,
} from "@selvedge/protocol";
import type { Database } from "../store/database.ts";
import { type Piece, readUnchecked } from "../store/pieces.ts";
import { fetchPieces } from "./fetch-pieces.ts";
import { gunzip } from "./gunzip.ts";
import type { DeliveryPlan } from "./plan-delivery.ts";

/**
 * Fetches deltas, undoes each against its base in the store, and yields the pieces of the blobs they
 * lead to, each checked against its digest. Holds one delta and one blob at a time. Whatever goes
 * wrong with one, short of an abort, puts its blob among `refused`: its own pieces are still there
 * to be fetched.
 */
export async function* fetchDeltas(
  { deltas, deltaRanges }: Pick<DeliveryPlan, "deltas" | "deltaRanges">,
  {
    database,
    registry,
    name,
    signal,
    onFetched,
    refused,
  }: {
    database: Database;
    registry: string;
    name: string;
    signal: AbortSignal;
    onFetched: (bytes: number) => void;
    refused: Set<string>;
  },
): AsyncGenerator<Piece> {
  // Each has this one chance; those that were made are taken off again.
  for (const { sha256: digest } of deltas) refused.add(digest);
  for (const range of deltaRanges) {
    const fetched = new Map<string, ArrayBuffer[]>();
    try {
      for await (const { key, bytes } of fetchPieces(range, { registry, name, signal })) {
        onFetched(bytes.byteLength);
        const [digest] = key;
        const blobs = deltas.filter(({ delta }) => delta.sha256 === digest);
        const parts = [...(fetched.get(digest) ?? []), bytes];
        fetched.set(digest, parts);
        if (blobs.some(({ delta }) => parts.length < pieceDigests(delta).length)) continue;
        fetched.delete(digest);
        for (const blob of blobs) {
          const pieces = await blobPieces(database, blob, parts);
          if (pieces === undefined) continue;
          refused.delete(blob.sha256);
          yield* pieces;
        }
      }
    } catch (error) {
      if (signal.aborted) throw error;
    }
  }
}

/** The pieces of a blob; `undefined` where its delta and its base do not make it. */
async function blobPieces(
  database: Database,
  blob: DeltaBlob,
  delta: readonly ArrayBuffer[],
): Promise<Piece[] | undefined> {
  const base = await readUnchecked(database, baseOf(blob));
  if (base === undefined || base.byteLength !== blob.bytes) return undefined;
  const difference = await gunzip(delta, blob.bytes).catch(() => undefined);
  if (difference === undefined) return undefined;
  const whole = applyTensorDelta(blob.dtype, new Uint8Array(base), difference);
  const pieces: Piece[] = [];
  for (const [index, digest] of pieceDigests(blob).entries()) {
    const { start, end } = pieceRange(blob.bytes, index);
    const bytes = whole.buffer.slice(start, end);
    if ((await sha256(bytes)) !== digest) return undefined;
    pieces.push({ key: [blob.sha256, index], bytes });
  }
  return pieces;
}
