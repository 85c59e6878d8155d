import {
  type BlobRef,
  DELTA_CODEC,
  type ElementType,
  makeTensorDelta,
  type TensorDelta,
} from "@selvedge/protocol";
import type { BaseVersion } from "./base-version.ts";
import { gzip } from "./gzip.ts";
import type { SegmentLayout } from "./segment-layout.ts";

/** A delta that is no smaller than this share of its blob is not worth undoing. */
const WORTH_IT = 0.7;

/** Where a delta starts and where it is put. */
export interface DeltaSource {
  readonly layout: SegmentLayout;
  readonly base: BaseVersion | undefined;
}

/**
 * Gives a blob a delta from what stands in for it in a base version, where that is as large, has
 * other bytes, and saves enough. The blob itself stays: whoever holds no base needs it.
 */
export async function withDelta<T extends BlobRef>(
  ref: T,
  {
    layout,
    base,
    before,
    dtype,
    bytes,
  }: DeltaSource & {
    readonly before: BlobRef | undefined;
    readonly dtype: ElementType;
    /** The blob's own. */
    readonly bytes: Uint8Array;
  },
): Promise<T & { readonly delta?: TensorDelta }> {
  if (base === undefined || before === undefined) return ref;
  if (before.bytes !== ref.bytes || before.sha256 === ref.sha256) return ref;
  const delta = gzip(makeTensorDelta(dtype, await base.read(before), bytes));
  if (delta.length >= WORTH_IT * ref.bytes) return ref;
  const blob = await layout.add(delta, "deltas");
  return { ...ref, delta: { base: before.sha256, codec: DELTA_CODEC, ...blob } };
}
