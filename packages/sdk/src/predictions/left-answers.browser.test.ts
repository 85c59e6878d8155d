import { openDB } from "idb";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { type AnswerSummary, Database } from "../store/database.ts";
import { freshDatabase } from "../store/fresh-database.fixture.ts";
import { holdOutbox } from "../store/hold-outbox.fixture.ts";
import { Outbox } from "../telemetry/outbox.ts";
import { AnswerTable } from "./answer-table.ts";

let database: Database;
let table: AnswerTable;

beforeEach(async () => {
  database = await freshDatabase();
  table = new AnswerTable(database, 64);
});

afterEach(async () => {
  vi.restoreAllMocks();
  await table.close();
  await database.close();
});

const fits = (): void => undefined;
const outbox = () => new Outbox(database, { maxBytes: 10_000, maxAgeMs: 10_000 });

function answers(from: number, count: number): AnswerSummary[] {
  const where = { model: "m", version: "1", dtype: "fp32", backend: "wasm" };
  return Array.from({ length: count }, (_, i) => ({ id: `a${from + i}`, ...where, value: i }));
}

/** How many records of answers pages have left, and nobody has taken in. */
async function left(): Promise<number> {
  const connection = await openDB("selvedge-left");
  const count = await connection.count("answers");
  connection.close();
  return count;
}

/** How many records of answers the table has. */
const kept = () =>
  database.use("testing", (connection) =>
    connection.count("telemetry", IDBKeyRange.bound("answers ", "answers!")),
  );

test("an answer that was left as a page went away is found, and makes room as others do", async () => {
  await table.leave(answers(0, 3));
  expect(await table.mark("a1", fits)).toMatchObject({ id: "a1", value: 1 });
  expect(await left()).toBe(0);
  for (let i = 1; i < 10; i++) await table.add(answers(i * 30, 30));
  expect(await table.mark("a2", fits)).toBeUndefined();
});

test("what a page leaves is stored while others are in the middle of a transaction", async () => {
  await table.look();
  const holding = holdOutbox(database);
  await table.leave(answers(0, 1));
  expect(await holding.end()).toBe("was held");
  expect(await table.mark("a0", fits)).toBeDefined();
});

test("it is one transaction, committed with its request: nothing of the page's is waited for", async () => {
  await table.look();
  const opened = vi.spyOn(IDBDatabase.prototype, "transaction");
  const committed = vi.spyOn(IDBTransaction.prototype, "commit");
  const leaving = table.leave(answers(0, 3));
  // No answer of the store's can have come.
  for (let i = 0; i < 20; i++) await Promise.resolve();
  expect(opened.mock.calls.map(([names]) => names)).toEqual([["answers"]]);
  expect(committed).toHaveBeenCalledOnce();
  await leaving;
});

test("pages that only leave answers leave no more than there may be", async () => {
  for (let i = 0; i < 5; i++) await table.leave(answers(i * 40, 40));
  await table.look();
  expect([await left(), await kept()]).toEqual([0, 2]);
  expect(await table.mark("a199", fits)).toBeDefined();
  expect(await table.mark("a119", fits)).toBeUndefined();
});

test("of what several pages left in one millisecond, the oldest make room", async () => {
  vi.spyOn(Date, "now").mockReturnValue(1_000);
  for (let i = 0; i < 5; i++) await table.leave(answers(i * 40, 40));
  await table.look();
  const found = [0, 40, 80, 120, 160].map((i) => table.mark(`a${i}`, fits));
  expect((await Promise.all(found)).map((one) => one?.id)).toEqual([
    ...[undefined, undefined, undefined],
    ...["a120", "a160"],
  ]);
});

test("answers that tabs read at once are taken in once", async () => {
  await table.leave(answers(0, 3));
  const others = [new AnswerTable(new Database(), 64), new AnswerTable(new Database(), 64)];
  await Promise.all([table, ...others].map((one) => one.look()));
  expect([await left(), await kept()]).toEqual([0, 1]);
});

test("a truth counts once, though what was taken in was not deleted", async () => {
  await table.leave(answers(0, 1));
  vi.spyOn(IDBObjectStore.prototype, "delete").mockImplementationOnce(() => {
    throw new DOMException("killed", "UnknownError");
  });
  expect(await table.mark("a0", fits)).toMatchObject({ isJudged: false });
  expect(await left()).toBe(1);
  await table.add(answers(1, 1));
  expect(await table.mark("a0", fits)).toMatchObject({ isJudged: true });
  expect(await left()).toBe(0);
});

test("a truth that does not fit leaves it where it was", async () => {
  await table.leave(answers(0, 1));
  const refuse = (): never => {
    throw new Error("not one of these");
  };
  await expect(table.mark("a0", refuse)).rejects.toThrow("not one of these");
  expect(await table.mark("a0", fits)).toMatchObject({ isJudged: false });
});

test("erasing reaches what was left, and who had read it before does not bring it back", async () => {
  await table.leave(answers(0, 1));
  const reading = new Database();
  const { transact } = reading;
  vi.spyOn(reading, "transact").mockImplementationOnce(async (how, run) => {
    await outbox().erase();
    return transact.call(reading, how, run);
  });
  await new AnswerTable(reading, 64).look();
  expect([await left(), await kept()]).toEqual([0, 0]);
});

test("what was taken in is erased for good, where somebody has read it and comes late", async () => {
  await table.leave(answers(0, 1));
  const reading = new Database();
  const { transact } = reading;
  vi.spyOn(reading, "transact").mockImplementationOnce(async (how, run) => {
    await table.look();
    await outbox().erase();
    return transact.call(reading, how, run);
  });
  await new AnswerTable(reading, 64).look();
  expect(await kept()).toBe(0);
});

test("nothing is kept of it where the user has turned telemetry off", async () => {
  await table.leave(answers(0, 1));
  await outbox().choose("denied");
  await table.look();
  expect([await left(), await kept()]).toEqual([0, 0]);
});

test("what is damaged of it is passed over", async () => {
  await table.leave(answers(0, 1));
  const connection = await openDB("selvedge-left");
  await connection.put("answers", { answers: "none", leftAt: 0 });
  await connection.put("answers", { answers: answers(7, 1), leftAt: Number.NaN });
  connection.close();
  await table.look();
  expect(await table.mark("a0", fits)).toBeDefined();
  expect(await table.mark("a7", fits)).toBeDefined();
});
