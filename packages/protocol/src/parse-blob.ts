import { ELEMENT_TYPES, elementCount, tensorBytes } from "./element-type.ts";
import type { Field } from "./field.ts";
import {
  type BlobRef,
  type Manifest,
  pieceDigests,
  type TensorDelta,
  type TensorRef,
} from "./manifest.ts";
import { pieceCount } from "./pieces.ts";
import { DELTA_CODEC } from "./tensor-delta.ts";

/** What the blobs of one manifest are checked against. */
export interface PackBlobs {
  readonly segments: Manifest["segments"];
  /** The blobs read so far, by digest. */
  readonly blobs: Map<string, BlobRef>;
}

/** Reads a tensor, and a delta of it where there is one. */
export function tensorRef(
  field: Field,
  pack: PackBlobs,
  { mayBeStrings = false }: { readonly mayBeStrings?: boolean } = {},
): TensorRef {
  const dims = field
    .at("dims")
    .items()
    .map((dim) => dim.integer({ min: 0 }));
  if (!Number.isSafeInteger(elementCount(dims))) field.at("dims").fail("fewer than 2^53 elements");
  const ref: TensorRef = {
    name: field.at("name").text(),
    dtype: field.at("dtype").oneOf(ELEMENT_TYPES),
    dims,
    ...blobRef(field, pack),
  };
  const bytes = tensorBytes(ref.dtype, dims);
  // Weights are never strings; inputs and answers have as many bytes as they have.
  if (bytes === undefined && !mayBeStrings) field.at("dtype").fail("a type of fixed size");
  if (bytes !== undefined && bytes !== ref.bytes)
    field.at("bytes").fail(`${bytes}, as ${ref.dtype}[${dims.join(", ")}] takes`);
  return withDelta(field, ref, pack);
}

/** Adds to a blob the delta that a field has of it. */
export function withDelta<T extends BlobRef>(
  field: Field,
  ref: T,
  pack: PackBlobs,
): T & { readonly delta?: TensorDelta } {
  const delta = field.at("delta").optional((item) => tensorDelta(item, ref, pack));
  return delta === undefined ? ref : { ...ref, delta };
}

function tensorDelta(field: Field, target: BlobRef, pack: PackBlobs): TensorDelta | undefined {
  const codec = field.at("codec").text();
  const base = field.at("base").sha256();
  if (base === target.sha256) field.at("base").fail("the digest of another blob");
  const blob = blobRef(field, pack);
  if (blob.bytes >= target.bytes)
    field.at("bytes").fail(`fewer than the ${target.bytes} of the blob itself`);
  // A codec of later days is no reason to refuse a pack: the tensor itself is there too.
  return codec === DELTA_CODEC ? { base, codec: DELTA_CODEC, ...blob } : undefined;
}

/** Reads where a blob lies and what its bytes have to be. */
export function blobRef(field: Field, { segments, blobs }: PackBlobs): BlobRef {
  const bytes = field.at("bytes").integer({ min: 0 });
  const digest = field.at("sha256").sha256();
  const at = field.at("at");
  const location = {
    segment: at.at("segment").integer({ min: 0 }),
    offset: at.at("offset").integer({ min: 0 }),
    length: at.at("length").integer({ min: 0 }),
  };
  if (location.length !== bytes) at.at("length").fail(`${bytes}, as many as the bytes beside it`);
  const segment = segments[location.segment];
  if (segment === undefined)
    return at.at("segment").fail(`the index of one of ${segments.length} segments`);
  if (location.offset + bytes > segment.bytes)
    at.at("offset").fail(`a range within the segment's ${segment.bytes} bytes`);
  const ref = { bytes, sha256: digest, at: location };
  const chunks = field.at("chunks").optional((list) => list.items().map((chunk) => chunk.sha256()));
  const blob: BlobRef = chunks === undefined ? ref : { ...ref, chunks };
  const pieces = pieceDigests(blob);
  if (pieces.length !== pieceCount(bytes))
    field.at("chunks").fail(`${pieceCount(bytes)} digests, one for each MiB`);
  // Pieces are what gets verified, digests what gets looked up: they have to speak of one thing.
  if (pieces.length === 1 && pieces[0] !== digest) field.at("chunks").fail("the blob's own digest");
  const same = blobs.get(digest);
  if (same !== undefined && (same.bytes !== bytes || pieceDigests(same).join() !== pieces.join()))
    field.at("sha256").fail("a digest that no blob of other size or pieces has");
  blobs.set(digest, blob);
  return blob;
}
