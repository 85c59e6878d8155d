import {
  applyTensorDelta,
  baseOf,
  type DeltaTensor,
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
 * Fetches deltas, undoes each against its base in the store, and yields the pieces of the tensors they
 * lead to, each checked against its digest. Holds one delta and one tensor at a time. Whatever goes
 * wrong with one, short of an abort, puts its tensor among `refused`: its own pieces are still there
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
  for (const tensor of deltas) refused.add(tensor.sha256);
  for (const range of deltaRanges) {
    const fetched = new Map<string, ArrayBuffer[]>();
    try {
      for await (const { key, bytes } of fetchPieces(range, { registry, name, signal })) {
        onFetched(bytes.byteLength);
        const [digest] = key;
        const tensors = deltas.filter(({ delta }) => delta.sha256 === digest);
        const parts = [...(fetched.get(digest) ?? []), bytes];
        fetched.set(digest, parts);
        if (tensors.some(({ delta }) => parts.length < pieceDigests(delta).length)) continue;
        fetched.delete(digest);
        for (const tensor of tensors) {
          const pieces = await tensorPieces(database, tensor, parts);
          if (pieces === undefined) continue;
          refused.delete(tensor.sha256);
          yield* pieces;
        }
      }
    } catch (error) {
      if (signal.aborted) throw error;
    }
  }
}

/** The pieces of a tensor; `undefined` where its delta and its base do not make it. */
async function tensorPieces(
  database: Database,
  tensor: DeltaTensor,
  delta: readonly ArrayBuffer[],
): Promise<Piece[] | undefined> {
  const base = await readUnchecked(database, baseOf(tensor));
  if (base === undefined || base.byteLength !== tensor.bytes) return undefined;
  const difference = await gunzip(delta, tensor.bytes).catch(() => undefined);
  if (difference === undefined) return undefined;
  const whole = applyTensorDelta(tensor.dtype, new Uint8Array(base), difference);
  const pieces: Piece[] = [];
  for (const [index, digest] of pieceDigests(tensor).entries()) {
    const { start, end } = pieceRange(tensor.bytes, index);
    const bytes = whole.buffer.slice(start, end);
    if ((await sha256(bytes)) !== digest) return undefined;
    pieces.push({ key: [tensor.sha256, index], bytes });
  }
  return pieces;
}
