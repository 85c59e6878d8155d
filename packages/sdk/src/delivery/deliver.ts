import { fetchDeltas } from "./fetch-deltas.ts";
import { fetchPieces } from "./fetch-pieces.ts";
import { PieceWriter } from "./piece-writer.ts";
import type { DeliveryPlan } from "./plan-delivery.ts";
import type { DeliveryRooms } from "./rooms.ts";

/**
 * Requests at once, at most. Browsers open six connections to a host, of which the page may need some;
 * and each holds a piece in memory.
 */
const MOST_LANES = 4;

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
  { database, network }: DeliveryRooms,
  plan: Pick<DeliveryPlan, "ranges" | "deltas" | "deltaRanges">,
  { onFetched, ...options }: DeliverOptions,
): Promise<void> {
  const writer = new PieceWriter(database);
  const shared = { ...options, network, writer };
  try {
    await fetchPieces(plan.ranges, {
      ...shared,
      lanes: MOST_LANES,
      async onPiece(piece) {
        const { byteLength } = piece.bytes;
        await writer.add(piece);
        onFetched(byteLength);
      },
    });
    await fetchDeltas(plan, { ...shared, database, onFetched });
  } finally {
    await writer.flush();
  }
}
