import type { BlobRef, Manifest, TensorDelta, TensorRef } from "./manifest.ts";

/** A blob that may have a delta, and what its elements are. */
export type Deltable = BlobRef & Pick<TensorRef, "dtype" | "delta"> & { readonly name?: string };

/** A blob that has one. */
export type DeltaBlob = Deltable & { readonly delta: TensorDelta };

/** What a delta starts from: as large as the blob it leads to. */
export type Base = Pick<BlobRef, "sha256" | "bytes">;

/** What a device has. */
export interface Holdings {
  /** Bytes of a blob's pieces that the device lacks. */
  readonly missingBytes: (blob: BlobRef) => number;
  /** Whether every piece of a base is there. */
  readonly isHeld: (base: Base) => boolean;
}

/**
 * The blobs to fetch as deltas: those whose base the device holds, where the delta is less than what
 * of the blob itself is missing. Each blob once. Everything else that is missing is fetched as it is.
 */
export function chooseDeltas(blobs: readonly DeltaBlob[], has: Holdings): DeltaBlob[] {
  const chosen = new Map<string, DeltaBlob>();
  for (const blob of blobs) {
    if (blob.delta.bytes >= has.missingBytes(blob) || !has.isHeld(baseOf(blob))) continue;
    const other = chosen.get(blob.sha256);
    // Equal tensors may have come from different bases.
    if (other === undefined || blob.delta.bytes < other.delta.bytes) chosen.set(blob.sha256, blob);
  }
  return [...chosen.values()];
}

/** Everything in a pack that has a delta: graphs, weights, golden inputs and answers. */
export function deltaBlobs({
  variants,
  golden,
}: Pick<Manifest, "variants" | "golden">): DeltaBlob[] {
  const blobs: Deltable[] = [
    ...variants.flatMap(({ graph, tensors }) => [
      { ...graph, dtype: "uint8" as const },
      ...tensors,
    ]),
    ...golden.cases.flatMap(({ inputs, outputs }) => [...inputs, ...outputs]),
  ];
  return blobs.filter(hasDelta);
}

/** What the delta of a blob starts from. */
export function baseOf({ bytes, delta }: DeltaBlob): Base {
  return { sha256: delta.base, bytes };
}

function hasDelta(blob: Deltable): blob is DeltaBlob {
  return blob.delta !== undefined;
}
