import {
  type Base,
  baseOf,
  chooseDeltas,
  type DeltaBlob,
  deltaBlobs,
  type Manifest,
  pieceRange,
  type Variant,
} from "@selvedge/protocol";
import type { Database } from "../store/database.ts";
import { neededBlobs, totalBytes } from "../store/packs.ts";
import { missingPieces, pieceId, pieceKeys } from "../store/pieces.ts";
import { planBytes, planFetch, type RangeRequest } from "./plan.ts";

/** How a pack becomes complete in the store. */
export interface DeliveryPlan {
  /** Pieces that are stored as they come. */
  readonly ranges: readonly RangeRequest[];
  /** Blobs that are made of one the store holds. */
  readonly deltas: readonly DeltaBlob[];
  /** The pieces of their deltas. */
  readonly deltaRanges: readonly RangeRequest[];
  /** Bytes of all ranges. */
  readonly bytes: number;
  /** Bytes of the pack that the store holds. */
  readonly heldBytes: number;
  /** Bytes that the store takes for the rest, with what IndexedDB needs besides. */
  readonly space: number;
  /** Digests of the blobs that deltas start from. */
  readonly bases: readonly string[];
}

/** What IndexedDB takes for keys, logs and the like: a twentieth, and never less than this. */
const LEAST_MARGIN = 1024 * 1024;

/** Plans for one variant of a pack. */
export interface DeliveryOptions {
  readonly manifest: Manifest;
  readonly variant: Variant;
  /** Digests of blobs to fetch as they are, whatever a delta would save. */
  readonly refused?: ReadonlySet<string>;
}

/** Plans by what the store holds now. */
export async function planDelivery(
  database: Database,
  options: DeliveryOptions,
): Promise<DeliveryPlan> {
  const { manifest, variant } = options;
  const bases = deltasOf(options).map(baseOf);
  const missing = await missingPieces(database, [...neededBlobs(manifest, variant), ...bases]);
  return planWith(missing, options);
}

/**
 * Plans without looking anywhere.
 *
 * @param missing ids of the pieces the store lacks, of the pack's blobs and its deltas' bases
 */
export function planWith(
  missing: ReadonlySet<string>,
  { manifest, variant, refused = new Set() }: DeliveryOptions,
): DeliveryPlan {
  const { segments } = manifest;
  const needs = neededBlobs(manifest, variant);
  const deltas = chooseDeltas(
    deltasOf({ manifest, variant }).filter(({ sha256 }) => !refused.has(sha256)),
    {
      missingBytes: (blob) => missingBytes(blob, missing),
      isHeld: (base) => missingBytes(base, missing) === 0,
    },
  );
  const made = new Set(deltas.map(({ sha256 }) => sha256));
  const ranges = planFetch(
    segments,
    needs.filter(({ sha256 }) => !made.has(sha256)),
    missing,
  );
  // Two tensors may have changed alike, and have one delta.
  const blobs = [...new Map(deltas.map(({ delta }) => [delta.sha256, delta])).values()];
  const deltaRanges = planFetch(segments, blobs, new Set(blobs.flatMap(pieceKeys).map(pieceId)));
  const toStore = needs.reduce((sum, blob) => sum + missingBytes(blob, missing), 0);
  return {
    ranges,
    deltas,
    deltaRanges,
    bytes: planBytes(ranges) + planBytes(deltaRanges),
    heldBytes: totalBytes(needs) - toStore,
    space: toStore === 0 ? 0 : toStore + Math.max(LEAST_MARGIN, Math.ceil(toStore / 20)),
    bases: deltas.map((blob) => baseOf(blob).sha256),
  };
}

function deltasOf({ manifest, variant }: DeliveryOptions): DeltaBlob[] {
  return deltaBlobs({ ...manifest, variants: [variant] });
}

function missingBytes(blob: Base, missing: ReadonlySet<string>): number {
  return pieceKeys(blob)
    .filter((key) => missing.has(pieceId(key)))
    .map(([, index]) => pieceRange(blob.bytes, index))
    .reduce((sum, { start, end }) => sum + end - start, 0);
}
