import {
  type BlobRef,
  PIECE_BYTES,
  pieceCount,
  pieceDigests,
  SelvedgeError,
  sha256,
} from "@selvedge/protocol";
import type { Database, PieceKey } from "./database.ts";

/** A piece that has been verified. */
export interface Piece {
  readonly key: PieceKey;
  readonly bytes: ArrayBuffer;
}

/** The keys of a blob's pieces, in order. */
export function pieceKeys({ sha256: digest, bytes }: Sized): PieceKey[] {
  return Array.from({ length: pieceCount(bytes) }, (_, index) => [digest, index]);
}

/** A blob of which the digests of its pieces may not be known. */
type Sized = Pick<BlobRef, "sha256" | "bytes">;

/** A piece's key as text, for sets and maps. */
export function pieceId([sha, index]: PieceKey): string {
  return `${sha}/${index}`;
}

/** Which of these blobs' pieces the store lacks. Bytes are not looked at. */
export async function missingPieces(
  database: Database,
  blobs: readonly Sized[],
): Promise<Set<string>> {
  const keys = blobs.flatMap(pieceKeys);
  const found = await database.use("looking for stored model bytes", (connection) => {
    const { store } = connection.transaction("pieces");
    return Promise.all(keys.map((key) => store.getKey(key)));
  });
  return new Set(keys.filter((_, i) => found[i] === undefined).map(pieceId));
}

/** Writes pieces, all or none. */
export async function putPieces(database: Database, pieces: readonly Piece[]): Promise<void> {
  if (pieces.length === 0) return;
  await database.use("storing model bytes", (connection) => {
    const { store, done } = connection.transaction("pieces", "readwrite");
    return Promise.all([...pieces.map(({ key, bytes }) => store.put(bytes, key)), done]);
  });
}

/**
 * Reads blobs and checks every piece of them against its digest. A piece that is damaged is deleted,
 * so that installing the pack again fetches it, and nothing else.
 *
 * @returns a buffer per blob, in order
 * @throws SelvedgeError `storage-damaged` where a piece is missing or is not what it was.
 */
export async function readBlobs(
  database: Database,
  blobs: readonly BlobRef[],
): Promise<ArrayBuffer[]> {
  const stored = await database.use("reading model bytes", (connection) => {
    const { store } = connection.transaction("pieces");
    return Promise.all(
      blobs.map((blob) => Promise.all(pieceKeys(blob).map((key) => store.get(key)))),
    );
  });
  const damaged: PieceKey[] = [];
  const buffers = await Promise.all(
    blobs.map(async (blob, i) => {
      const pieces = (stored[i] ?? []).map(bytesOf);
      const digests = pieceDigests(blob);
      await Promise.all(
        digests.map(async (digest, index) => {
          const piece = pieces[index];
          if (piece === undefined || (await sha256(piece)) !== digest)
            damaged.push([blob.sha256, index]);
        }),
      );
      return join(pieces, blob.bytes);
    }),
  );
  if (damaged.length === 0) return buffers;
  await deletePieces(database, damaged);
  throw new SelvedgeError(
    "storage-damaged",
    `${damaged.length} stored piece(s) of the model were missing or damaged and have been dropped. Load the model again to fetch them.`,
    { detail: { pieces: damaged.map(pieceId) } },
  );
}

/** Reads a piece without checking it, for whoever checks what they make of it. */
export async function readPieceUnchecked(
  database: Database,
  key: PieceKey,
): Promise<ArrayBuffer | undefined> {
  return bytesOf(
    await database.use("reading model bytes", (connection) => connection.get("pieces", key)),
  );
}

/** A store that was damaged may hold anything at all. */
function bytesOf(stored: unknown): ArrayBuffer | undefined {
  return stored instanceof ArrayBuffer ? stored : undefined;
}

async function deletePieces(database: Database, keys: readonly PieceKey[]): Promise<void> {
  await database.use("dropping damaged model bytes", (connection) => {
    const { store, done } = connection.transaction("pieces", "readwrite");
    return Promise.all([...keys.map((key) => store.delete(key)), done]);
  });
}

function join(pieces: readonly (ArrayBuffer | undefined)[], bytes: number): ArrayBuffer {
  const [only] = pieces;
  if (pieces.length === 1 && only !== undefined) return only;
  const whole = new Uint8Array(bytes);
  for (const [index, piece] of pieces.entries())
    if (piece !== undefined && index * PIECE_BYTES + piece.byteLength <= bytes)
      whole.set(new Uint8Array(piece), index * PIECE_BYTES);
  return whole.buffer;
}
