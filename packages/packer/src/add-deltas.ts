import { gzipSync } from "node:zlib";
import { DELTA_CODEC, type Dtype, makeTensorDelta, type TensorRef } from "@selvedge/protocol";
import type { BaseVersion } from "./base-version.ts";
import type { NamedTensor } from "./named-tensor.ts";
import type { SegmentLayout } from "./segment-layout.ts";

/** A delta that is no smaller than this share of its tensor is not worth undoing. */
const WORTH_IT = 0.7;

/**
 * Gives the tensors of a variant deltas from those that stand in for them in a base version, where
 * they changed and that saves enough. The tensors themselves stay: whoever holds no base needs them.
 */
export async function addDeltas(
  layout: SegmentLayout,
  {
    variant,
    refs,
    tensors,
    base,
  }: {
    variant: Dtype;
    refs: readonly TensorRef[];
    /** The same tensors with their bytes, in the same order. */
    tensors: readonly NamedTensor[];
    base: BaseVersion;
  },
): Promise<TensorRef[]> {
  const withDeltas: TensorRef[] = [];
  for (const [index, ref] of refs.entries()) {
    const before = base.find(variant, ref);
    const after = tensors[index];
    const isChanged = before !== undefined && before.sha256 !== ref.sha256;
    if (!isChanged || after === undefined) {
      withDeltas.push(ref);
      continue;
    }
    const delta = gzip(makeTensorDelta(ref.dtype, await base.read(before), after.bytes));
    withDeltas.push(
      delta.length < WORTH_IT * ref.bytes
        ? {
            ...ref,
            delta: {
              base: before.sha256,
              codec: DELTA_CODEC,
              ...(await layout.add(delta, "deltas")),
            },
          }
        : ref,
    );
  }
  return withDeltas;
}

/** Gzip that does not say when, or on which system, it was made. */
function gzip(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const packed = new Uint8Array(gzipSync(bytes, { level: 9 }));
  // RFC 1952: the system's number; 255 is "unknown". The time is 0 already.
  packed[9] = 255;
  return packed;
}
