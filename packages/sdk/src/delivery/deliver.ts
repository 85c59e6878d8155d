import { fetchDeltas } from "./fetch-deltas.ts";
import { fetchPieces } from "./fetch-pieces.ts";
import { PieceWriter } from "./piece-writer.ts";
import type { DeliveryPlan } from "./plan-delivery.ts";
import type { DeliveryRooms } from "./rooms.ts";

/** Where a delivery comes from, and who is told of it. */
export interface DeliverOptions {
  readonly registry: string;
  readonly name: string;
  readonly signal: AbortSignal;
  /** Told of bytes that were fetched, and verified. */
  readonly onFetched: (bytes: number) => void;
  /** Takes the digests of blobs whose delta did not lead to them. */
  readonly refused: Set<string>;
}

/**
 * Carries out a plan: fetches, verifies and stores what it says. What was stored before an error or
 * an abort stays.
 */
export async function deliver(
  { database }: DeliveryRooms,
  plan: DeliveryPlan,
  options: DeliverOptions,
): Promise<void> {
  const { onFetched } = options;
  const writer = new PieceWriter(database);
  try {
    for (const range of plan.ranges)
      for await (const piece of fetchPieces(range, options)) {
        await writer.add(piece);
        onFetched(piece.bytes.byteLength);
      }
    for await (const piece of fetchDeltas(plan, { ...options, database })) await writer.add(piece);
  } finally {
    await writer.flush();
  }
}
