import { type BlobRef, PIECE_BYTES } from "@selvedge/protocol";
import { beforeEach, describe, expect, test } from "vitest";
import type { Database } from "./database.ts";
import { freshDatabase } from "./fresh-database.fixture.ts";
import { type BuiltPack, buildPack, noise } from "./pack.fixture.ts";
import { missingPieces, type Piece, pieceId, pieceKeys, putPieces, readBlobs } from "./pieces.ts";

const LARGE = noise(PIECE_BYTES * 2 + 1000, 1);
const SMALL = noise(5000, 2);
const EMPTY = new Uint8Array(0);

let database: Database;
let pack: BuiltPack;
let large: BlobRef;
let small: BlobRef;
let empty: BlobRef;

beforeEach(async () => {
  database = await freshDatabase();
  pack = await buildPack({ tensors: [LARGE, SMALL, EMPTY] });
  const [first, second, third] = pack.manifest.variants[0]?.tensors ?? [];
  if (first === undefined || second === undefined || third === undefined)
    throw new Error("the pack has no three tensors");
  [large, small, empty] = [first, second, third];
});

/** A blob's pieces as delivery would have cut them. */
function piecesOf(blob: BlobRef): Piece[] {
  const { offset, length } = blob.at;
  const bytes = pack.segment.slice(offset, offset + length);
  return pieceKeys(blob).map((key) => ({
    key,
    bytes: bytes.slice(key[1] * PIECE_BYTES, (key[1] + 1) * PIECE_BYTES).buffer,
  }));
}

async function put(...blobs: BlobRef[]): Promise<void> {
  await putPieces(database, blobs.flatMap(piecesOf));
}

const missingOf = async (...blobs: BlobRef[]) => [...(await missingPieces(database, blobs))];

test("of an empty store every piece is missing, and of what was put none", async () => {
  expect(await missingOf(large, small)).toEqual(
    [...pieceKeys(large), ...pieceKeys(small)].map(pieceId),
  );
  await put(large);
  expect(await missingOf(large, small)).toEqual(pieceKeys(small).map(pieceId));
});

test("blobs of several pieces, of one and of none are read as they were", async () => {
  await put(large, small, empty);
  const buffers = await readBlobs(database, [small, large, empty]);
  expect(buffers.map(({ byteLength }) => byteLength)).toEqual([5000, LARGE.byteLength, 0]);
  const same = [SMALL, LARGE].map((bytes, i) =>
    bytes.every((byte, at) => byte === new Uint8Array(buffers[i] ?? EMPTY.buffer)[at]),
  );
  expect(same).toEqual([true, true]);
});

test("a blob of several pieces is read as often as it is asked for, and stays in memory that keeps it", async () => {
  database.memory.take([large.sha256], "there is no room");
  await put(large, small);
  for (let round = 0; round < 2; round++) {
    const buffers = await readBlobs(database, [large, small, large]);
    const sizes = [LARGE, SMALL, LARGE].map(({ byteLength }) => byteLength);
    expect(buffers.map(({ byteLength }) => byteLength)).toEqual(sizes);
    expect(new Uint8Array(buffers[2] ?? EMPTY.buffer).every((byte, at) => byte === LARGE[at])).toBe(
      true,
    );
  }
});

describe.each([
  ["the first", 0],
  ["one in the middle", 1],
  ["the last", 2],
])("when %s piece of three is damaged", (_which, index) => {
  test("reading names it, deletes it and leaves the others", async () => {
    await put(large, small);
    await database.use("damaging a piece", async (connection) => {
      const key: [string, number] = [large.sha256, index];
      const bytes = new Uint8Array((await connection.get("pieces", key)) ?? EMPTY.buffer);
      bytes[500] = (bytes[500] ?? 0) ^ 1;
      await connection.put("pieces", bytes.buffer, key);
    });
    await expect(readBlobs(database, [small, large])).rejects.toMatchObject({
      code: "storage-damaged",
      detail: { pieces: [`${large.sha256}/${index}`] },
    });
    expect(await missingOf(large, small)).toEqual([`${large.sha256}/${index}`]);
  });
});

test.each([
  ["shorter", PIECE_BYTES - 1],
  ["longer", PIECE_BYTES + 1],
  ["empty", 0],
])("a piece that became %s is damaged", async (_how, bytes) => {
  await put(large);
  await database.use("damaging a piece", (connection) =>
    connection.put("pieces", new ArrayBuffer(bytes), [large.sha256, 0]),
  );
  await expect(readBlobs(database, [large])).rejects.toMatchObject({ code: "storage-damaged" });
});

test("reading what was never put is storage-damaged, and says which pieces", async () => {
  await expect(readBlobs(database, [small])).rejects.toMatchObject({
    code: "storage-damaged",
    detail: { pieces: [`${small.sha256}/0`] },
  });
});
