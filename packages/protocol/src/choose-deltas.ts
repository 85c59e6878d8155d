import type { BlobRef, TensorDelta, TensorRef } from "./manifest.ts";

/** A tensor that a pack has a delta of. */
export type DeltaTensor = TensorRef & { readonly delta: TensorDelta };

/** What a device has. */
export interface Holdings {
  /** Bytes of a blob's pieces that the device lacks. */
  readonly missingBytes: (blob: BlobRef) => number;
  /** Whether every piece of a base is there. */
  readonly isHeld: (base: Base) => boolean;
}

/** What a delta starts from: as large as the tensor it leads to. */
export type Base = Pick<BlobRef, "sha256" | "bytes">;

/**
 * The tensors to fetch as deltas: those whose base the device holds, where the delta is less than
 * what of the tensor itself is missing. Each blob once. Everything else that is missing is fetched as
 * it is.
 */
export function chooseDeltas(tensors: readonly TensorRef[], has: Holdings): DeltaTensor[] {
  const chosen = new Map<string, DeltaTensor>();
  for (const tensor of tensors)
    if (
      hasDelta(tensor) &&
      tensor.delta.bytes < has.missingBytes(tensor) &&
      has.isHeld(baseOf(tensor))
    ) {
      const other = chosen.get(tensor.sha256);
      // Equal tensors may have come from different bases.
      if (other === undefined || tensor.delta.bytes < other.delta.bytes)
        chosen.set(tensor.sha256, tensor);
    }
  return [...chosen.values()];
}

/** The tensor that a delta starts from. */
export function baseOf({ bytes, delta }: DeltaTensor): Base {
  return { sha256: delta.base, bytes };
}

/** Whether there is another way to a tensor than its own bytes. */
export function hasDelta(tensor: TensorRef): tensor is DeltaTensor {
  return tensor.delta !== undefined;
}
