import {
  type BlobRef,
  type Manifest,
  PIECE_BYTES,
  pieceCount,
  pieceRange,
  sha256,
} from "@selvedge/protocol";
import { digestChunks } from "./digest-chunks.ts";
import type { StoredBlobs } from "./stored-blobs.ts";

/** How much of a part is handed on at a time. */
const WRITE_BYTES = 8 * PIECE_BYTES;

/** Bytes and where they belong in a segment. */
interface Part {
  readonly offset: number;
  /** Gives them, each time anew where they are too many to be kept. */
  read(): Uint8Array<ArrayBuffer>;
}

/** A segment of a pack, with as much of its content as the pack itself has. */
export interface LaidSegment {
  readonly sha256: string;
  readonly bytes: number;
  readonly parts: readonly Part[];
  /** Whether no other version is known to have it. */
  readonly isNew: boolean;
}

/** What a blob is part of. A bare image is alone in its segment: every model has the same. */
export type BlobKind = "content" | "deltas" | "bare-image" | "images";

/** A segment while blobs are being added; `stored` is absent for one that has yet to be written. */
interface Draft {
  readonly stored?: Manifest["segments"][number];
  readonly parts: Part[];
  bytes: number;
}

/**
 * Decides where each blob of a pack lies: where the registry holds it already, or else after the
 * other new ones. Equal blobs lie in one place. Segments are numbered as they are first needed.
 */
export class SegmentLayout {
  readonly #stored: StoredBlobs;
  readonly #blobs = new Map<string, BlobRef>();
  readonly #drafts = new Map<string, Draft>();

  constructor(stored: StoredBlobs) {
    this.#stored = stored;
  }

  /**
   * @param kind each has a new segment of its own, so that whoever wants no deltas reads ranges
   * without holes
   * @param read gives the bytes again, where they are too many to be kept
   * @returns where the blob lies, and what it hashes to.
   */
  async add(
    bytes: Uint8Array<ArrayBuffer>,
    kind: BlobKind = "content",
    read: () => Uint8Array<ArrayBuffer> = () => bytes,
  ): Promise<BlobRef> {
    const digest = await sha256(bytes);
    const known = this.#blobs.get(digest);
    if (known !== undefined) return known;
    const stored = this.#stored.get(digest);
    const [segment, draft] = this.#draft(stored?.segment ?? kind);
    const offset = stored?.offset ?? draft.bytes;
    const blob: BlobRef = {
      bytes: bytes.length,
      sha256: digest,
      at: { segment, offset, length: bytes.length },
      ...(bytes.length > PIECE_BYTES ? { chunks: await pieceDigests(bytes) } : {}),
    };
    this.#blobs.set(digest, blob);
    draft.parts.push({ offset, read });
    if (stored === undefined) draft.bytes += bytes.length;
    return blob;
  }

  /** Every segment that a blob lies in, in the order of the numbers that `add` gave out. */
  async finish(): Promise<LaidSegment[]> {
    const segments: LaidSegment[] = [];
    for (const { stored, parts, bytes } of this.#drafts.values())
      segments.push({
        parts,
        bytes,
        isNew: stored === undefined,
        sha256: stored?.sha256 ?? digestChunks(segmentChunks({ parts, bytes })),
      });
    return segments;
  }

  #draft(segment: Manifest["segments"][number] | string): [index: number, draft: Draft] {
    const key = typeof segment === "string" ? segment : segment.sha256;
    let draft = this.#drafts.get(key);
    if (draft === undefined) {
      draft =
        typeof segment === "string"
          ? { parts: [], bytes: 0 }
          : { stored: segment, parts: [], bytes: segment.bytes };
      this.#drafts.set(key, draft);
    }
    return [[...this.#drafts.keys()].indexOf(key), draft];
  }
}

/** The bytes of a segment from first to last; zeros where no part says otherwise. */
export function* segmentChunks({
  parts,
  bytes,
}: Pick<LaidSegment, "parts" | "bytes">): Generator<Uint8Array> {
  let position = 0;
  function* zerosUpTo(end: number): Generator<Uint8Array> {
    for (; position < end; position = Math.min(end, position + PIECE_BYTES))
      yield new Uint8Array(Math.min(end - position, PIECE_BYTES));
  }
  for (const part of [...parts].sort((a, b) => a.offset - b.offset)) {
    yield* zerosUpTo(part.offset);
    // In pieces, so that whoever writes them can be interrupted.
    const content = part.read();
    for (let at = position - part.offset; at < content.length; at += WRITE_BYTES) {
      const chunk = content.subarray(at, at + WRITE_BYTES);
      yield chunk;
      position += chunk.length;
    }
  }
  yield* zerosUpTo(bytes);
}

async function pieceDigests(bytes: Uint8Array<ArrayBuffer>): Promise<string[]> {
  const digests: string[] = [];
  for (let index = 0; index < pieceCount(bytes.length); index++) {
    const { start, end } = pieceRange(bytes.length, index);
    digests.push(await sha256(bytes.subarray(start, end)));
  }
  return digests;
}
