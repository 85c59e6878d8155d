import { pieceDigests, SelvedgeError } from "@selvedge/protocol";
import type { Database } from "../store/database.ts";
import { Hasher } from "../store/hasher.ts";
import { pieceId } from "../store/pieces.ts";
import { applyDelta } from "./apply-delta.ts";
import { type FetchOptions, fetchPieces } from "./fetch-pieces.ts";
import { Gunzip } from "./gunzip.ts";
import type { PieceWriter } from "./piece-writer.ts";
import type { DeliveryPlan } from "./plan-delivery.ts";
import type { Wanted } from "./segment-queue.ts";

/** What deltas are fetched with. */
export interface DeltaOptions extends Omit<FetchOptions, "lanes" | "onPiece" | "writer"> {
  readonly database: Database;
  readonly writer: PieceWriter;
  /** Told of bytes that were fetched, and verified. */
  readonly onFetched: (bytes: number) => void;
  /** Takes the digests of blobs whose delta did not lead to all of them. */
  readonly refused: Set<string>;
}

/**
 * Fetches deltas, one after the other, inflates each as it comes, undoes it piece by piece against its
 * base in the store, and writes what has the digest it should have. Holds one tensor's worth of bytes.
 * Where the bytes of one are no use, its blob stays among `refused`: its own pieces are still there to
 * be fetched. A network that fails, and a full store, fail this.
 */
export async function fetchDeltas(
  { deltas, deltaRanges }: Pick<DeliveryPlan, "deltas" | "deltaRanges">,
  options: DeltaOptions,
): Promise<void> {
  const { writer, refused, onFetched } = options;
  const hasher = new Hasher();
  // Each has this one chance; those that were made are taken off again.
  for (const { sha256: digest } of deltas) refused.add(digest);
  let coming: { digest: string; come: number; gunzip: Gunzip } | undefined;
  const done = new Set<string>();
  const onPiece: FetchOptions["onPiece"] = async ({ key, bytes }) => {
    const [digest, index] = key;
    done.add(pieceId(key));
    onFetched(bytes.byteLength);
    const blobs = deltas.filter(({ delta }) => delta.sha256 === digest);
    const [blob] = blobs;
    if (blob === undefined) return writer.drop(bytes.byteLength);
    if (index === 0) {
      coming?.gunzip.abort();
      coming = { digest, come: 0, gunzip: new Gunzip(blob.bytes) };
    }
    const isNext = coming?.digest === digest && coming.come === index;
    try {
      if (!isNext || coming === undefined) return;
      coming.come += 1;
      await coming.gunzip.write(new Uint8Array(bytes));
    } catch {
      // What it cannot inflate now it cannot inflate at the end either.
      coming = undefined;
    } finally {
      writer.drop(bytes.byteLength);
    }
    if (coming === undefined || coming.come < pieceDigests(blob.delta).length) return;
    const { gunzip } = coming;
    coming = undefined;
    const difference = await gunzip.end().catch(() => undefined);
    if (difference === undefined) return;
    for (const each of blobs)
      if (await applyDelta(each, difference, { ...options, hasher })) refused.delete(each.sha256);
  };
  try {
    for (let left: readonly Wanted[] = deltaRanges; left.length > 0; )
      try {
        await fetchPieces(left, { ...options, lanes: 1, onPiece });
        return;
      } catch (error) {
        left = withoutCulprit(left, { done, error });
      }
  } finally {
    coming?.gunzip.abort();
  }
}

/** What is left to be fetched without the delta that failed. @throws what has nothing to do with it */
function withoutCulprit(
  ranges: readonly Wanted[],
  { done, error }: { done: ReadonlySet<string>; error: unknown },
): readonly Wanted[] {
  if (!(error instanceof SelvedgeError)) throw error;
  const { code, detail } = error;
  const isGone = code === "not-found" || (code === "response-invalid" && isFinal(detail["status"]));
  if (code !== "integrity" && !isGone) throw error;
  const left = ranges.map(({ segment, pieces }) => ({
    segment,
    pieces: pieces.filter(({ key }) => !done.has(pieceId(key))),
  }));
  // One is fetched after the other, so that it is the first that has not come.
  const culprit = left.find(({ pieces }) => pieces.length > 0);
  const digest = culprit?.pieces[0]?.key[0];
  return left
    .filter(({ segment }) => !isGone || segment.sha256 !== culprit?.segment.sha256)
    .map(({ segment, pieces }) => ({
      segment,
      pieces: pieces.filter(({ key }) => key[0] !== digest),
    }))
    .filter(({ pieces }) => pieces.length > 0);
}

/** Whether a host would answer the same to anything it was asked for. */
function isFinal(status: unknown): boolean {
  return typeof status === "number" && status < 500;
}
