import {
  type BlobRef,
  PIECE_BYTES,
  pieceCount,
  pieceDigests,
  SelvedgeError,
} from "@selvedge/protocol";
import type { Database, PieceKey } from "./database.ts";
import { giveUp } from "./give-up.ts";
import { Hasher } from "./hasher.ts";
import { isRefusal, isUnavailable } from "./storage-error.ts";

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
  const found = await database.read(
    { doing: "looking for stored model bytes", stores: ["pieces"], nothing: [] },
    ({ store }) => Promise.all(keys.map(async (key) => store.getKey(key))),
  );
  const ids = keys.filter((_, i) => found[i] === undefined).map(pieceId);
  return new Set(ids.filter((id) => database.memory.get(id) === undefined));
}

/**
 * Writes pieces: to IndexedDB, all or none, and frees their bytes; or where that is refused or full, to
 * memory. Where it is full, what may go is evicted first, and the write tried once more.
 */
export async function putPieces(database: Database, pieces: readonly Piece[]): Promise<void> {
  const { memory } = database;
  memory.hold(pieces.filter(({ key: [blob] }) => memory.takes(blob)));
  const rest = pieces.filter(({ key: [blob] }) => !memory.takes(blob));
  if (rest.length === 0) return;
  try {
    await writeWithRoom(database, rest);
    for (const { bytes } of rest) giveUp(bytes);
  } catch (error) {
    if (!isRefusal(error)) throw error;
    memory.isFull = !isUnavailable(error);
    memory.reason = error.message;
    memory.hold(rest);
  }
}

async function writeWithRoom(database: Database, pieces: readonly Piece[]): Promise<void> {
  try {
    await write(database, pieces);
  } catch (error) {
    const bytes = pieces.reduce((sum, piece) => sum + piece.bytes.byteLength, 0);
    if (isUnavailable(error) || !(await database.memory.makeRoom(bytes))) throw error;
    await write(database, pieces);
  }
}

function write(database: Database, pieces: readonly Piece[]): Promise<unknown> {
  return database.transact(
    { doing: "storing model bytes", stores: ["pieces"], mode: "readwrite" },
    ({ store }) => Promise.all(pieces.map(async ({ key, bytes }) => store.put(bytes, key))),
  );
}

/**
 * Reads blobs and checks every piece of them against its digest. A piece that is damaged is deleted,
 * so that installing the pack again fetches it, and nothing else.
 *
 * @returns a buffer per blob, in order; equal blobs are one
 * @throws SelvedgeError `storage-damaged` where a piece is missing or is not what it was.
 */
export async function readBlobs(
  database: Database,
  blobs: readonly BlobRef[],
): Promise<ArrayBuffer[]> {
  const pieces = await readPieces(database, blobs);
  const whole = new Map<string, ArrayBuffer>();
  let at = 0;
  for (const blob of blobs) {
    const parts = pieces.slice(at, at + pieceCount(blob.bytes)).map(({ bytes }) => bytes);
    at += parts.length;
    if (whole.has(blob.sha256)) continue;
    const joined = join(parts, blob.bytes);
    whole.set(blob.sha256, joined);
    for (const part of parts) if (part !== joined && !database.memory.owns(part)) giveUp(part);
  }
  return blobs.map(({ sha256: digest }) => whole.get(digest) ?? new ArrayBuffer(0));
}

/**
 * The same, in pieces: those of each blob in order.
 *
 * @throws SelvedgeError as `readBlobs`
 */
export async function readPieces(database: Database, blobs: readonly BlobRef[]): Promise<Piece[]> {
  const keys = blobs.flatMap(pieceKeys);
  const digests = blobs.flatMap(pieceDigests);
  const stored = await getPieces(database, keys);
  const whole: Piece[] = [];
  const damaged: PieceKey[] = [];
  const hasher = new Hasher();
  const isRight = await Promise.all(
    stored.map(
      async (bytes, i) =>
        bytes !== undefined && (await hasher.sha256(new Uint8Array(bytes))) === digests[i],
    ),
  );
  for (const [i, key] of keys.entries()) {
    const bytes = stored[i];
    if (bytes !== undefined && isRight[i]) whole.push({ key, bytes });
    else damaged.push(key);
  }
  if (damaged.length === 0) return whole;
  await dropPieces(database, damaged);
  throw new SelvedgeError(
    "storage-damaged",
    `${damaged.length} stored piece(s) of the model were missing or damaged and have been dropped. Load the model again to fetch them.`,
    { detail: { pieces: damaged.map(pieceId) } },
  );
}

/** Reads a piece without checking it, for whoever checks what they make of it. */
export function readPieceUnchecked(
  database: Database,
  key: PieceKey,
): Promise<ArrayBuffer | undefined> {
  return getPieces(database, [key]).then(([bytes]) => bytes);
}

/** What is stored under some keys, where that is bytes at all. */
async function getPieces(
  database: Database,
  keys: readonly PieceKey[],
): Promise<(ArrayBuffer | undefined)[]> {
  const { memory } = database;
  const inStore = keys.filter((key) => memory.get(pieceId(key)) === undefined);
  const get = (some: readonly PieceKey[]): Promise<unknown[]> =>
    database.transact(
      { doing: "reading model bytes", stores: ["pieces"], mode: "readonly" },
      ({ store }) => Promise.all(some.map(async (key) => store.get(key))),
    );
  const found = await get(inStore).catch(async () => {
    if (!(await database.canOpen())) return [];
    // A record that the browser itself cannot read takes the others of its transaction along.
    return Promise.all(inStore.map(async (key) => (await get([key]).catch(() => []))[0]));
  });
  const read = new Map(inStore.map((key, i) => [pieceId(key), found[i]]));
  return keys.map((key) => {
    const bytes = memory.get(pieceId(key)) ?? read.get(pieceId(key));
    return bytes instanceof ArrayBuffer ? bytes : undefined;
  });
}

/** Deletes what is damaged; where that is refused, whoever fetches it anew keeps it in memory. */
export async function dropPieces(database: Database, keys: readonly PieceKey[]): Promise<void> {
  database.memory.drop(keys.map(pieceId));
  await database
    .transact(
      { doing: "dropping damaged model bytes", stores: ["pieces"], mode: "readwrite" },
      ({ store }) => Promise.all(keys.map(async (key) => store.delete(key))),
    )
    .catch(() => undefined);
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
