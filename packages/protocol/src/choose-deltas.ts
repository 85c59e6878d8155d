import type { BlobRef, TensorDelta, TensorRef } from "./manifest.ts";

/** A tensor that a pack has a delta of. */
export type DeltaTensor = TensorRef & { readonly delta: TensorDelta };

/** What a device has. */
export interface Holdings {
  /** Bytes of a blob's pieces that the device lacks. */
  readonly missingBytes: (blob: BlobRef) => number;
  /** Whether every piece of the blob with this digest is there. */
  readonly isHeld: (base: TensorDelta["base"], tensor: TensorRef) => boolean;
}

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
      has.isHeld(tensor.delta.base, tensor)
    ) {
      const other = chosen.get(tensor.sha256);
      // Equal tensors may have come from different bases.
      if (other === undefined || tensor.delta.bytes < other.delta.bytes)
        chosen.set(tensor.sha256, tensor);
    }
  return [...chosen.values()];
}

function hasDelta(tensor: TensorRef): tensor is DeltaTensor {
  return tensor.delta !== undefined;
}
