import { PIECE_BYTES } from "@selvedge/protocol";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { eventually } from "../eventually.fixture.ts";
import type { Database } from "../store/database.ts";
import { freshDatabase } from "../store/fresh-database.fixture.ts";
import { noise } from "../store/pack.fixture.ts";
import type { Piece } from "../store/pieces.ts";
import { PieceWriter } from "./piece-writer.ts";

const { signal } = new AbortController();
let database: Database;
let writer: PieceWriter;

beforeEach(async () => {
  database = await freshDatabase();
  writer = new PieceWriter(database);
});

afterEach(() => {
  vi.restoreAllMocks();
});

const piece = (index: number): Piece => ({
  key: ["a".repeat(64), index],
  bytes: noise(PIECE_BYTES, index).buffer,
});
const stored = async () =>
  (await database.use("looking", (connection) => connection.getAllKeys("pieces"))).length;

async function add(index: number): Promise<void> {
  await writer.room(PIECE_BYTES, signal);
  await writer.add(piece(index));
}

test("a piece is written as soon as it is whole, though no other follows", async () => {
  await add(0);
  await eventually(async () => expect(await stored()).toBe(1));
});

test("the bytes of what is stored are freed, and of what is kept in memory they are not", async () => {
  const one = piece(0);
  const other: Piece = { key: ["b".repeat(64), 0], bytes: noise(9, 1).buffer };
  database.memory.take([other.key[0]], "there is no room");
  for (const each of [one, other]) {
    await writer.room(each.bytes.byteLength, signal);
    await writer.add(each);
  }
  await writer.flush();
  expect([one.bytes.byteLength, other.bytes.byteLength]).toEqual([0, 9]);
  // Every byte of room was given back, or this would wait for ever.
  await writer.room(PIECE_BYTES * 5, signal);
});

test("pieces that come while others are written go together", async () => {
  const transactions = vi.spyOn(IDBDatabase.prototype, "transaction");
  await Promise.all(Array.from({ length: 10 }, (_, index) => add(index)));
  await writer.flush();
  expect(transactions.mock.calls.length).toBeLessThan(10);
  expect(await stored()).toBe(10);
});

test("a flush waits for what is being written and for what was added meanwhile", async () => {
  for (let index = 0; index < 20; index++) {
    await writer.room(PIECE_BYTES, signal);
    const adding = writer.add(piece(index));
    await writer.flush();
    expect(await stored()).toBe(index + 1);
    await adding;
  }
});

test("a write that fails fails whatever is added or flushed after it, with the same error", async () => {
  const error = new RangeError("Array buffer allocation failed");
  vi.spyOn(database.memory, "takes").mockImplementation(() => {
    throw error;
  });
  await add(0);
  await expect(writer.flush()).rejects.toBe(error);
  vi.restoreAllMocks();
  await expect(add(1)).rejects.toBe(error);
  await expect(writer.flush()).rejects.toBe(error);
  expect(await stored()).toBe(0);
});
