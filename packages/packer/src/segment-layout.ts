import {
  type BlobRef,
  type Manifest,
  PIECE_BYTES,
  pieceCount,
  pieceRange,
  sha256,
} from "@selvedge/protocol";
import type { StoredBlobs } from "./stored-blobs.ts";

/** Bytes and where they belong in a segment. */
interface Part {
  readonly offset: number;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** A segment of a pack, with as much of its content as the pack itself has. */
export interface LaidSegment {
  readonly sha256: string;
  readonly bytes: number;
  readonly parts: readonly Part[];
}

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
   * @returns where the blob lies, and what it hashes to.
   */
  async add(
    bytes: Uint8Array<ArrayBuffer>,
    kind: "content" | "deltas" = "content",
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
    draft.parts.push({ offset, bytes });
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
        sha256: stored?.sha256 ?? (await sha256(joinParts({ parts, bytes }))),
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

/** The bytes of a segment; zeros where no part says otherwise. */
export function joinParts({
  parts,
  bytes,
}: Pick<LaidSegment, "parts" | "bytes">): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(bytes);
  for (const part of parts) whole.set(part.bytes, part.offset);
  return whole;
}

async function pieceDigests(bytes: Uint8Array<ArrayBuffer>): Promise<string[]> {
  const digests: string[] = [];
  for (let index = 0; index < pieceCount(bytes.length); index++) {
    const { start, end } = pieceRange(bytes.length, index);
    digests.push(await sha256(bytes.subarray(start, end)));
  }
  return digests;
}
