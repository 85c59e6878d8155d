import { afterEach, beforeEach, expect, test } from "vitest";
import { type AnswerSummary, Database } from "../store/database.ts";
import { freshDatabase } from "../store/fresh-database.fixture.ts";
import { AnswerTable } from "./answer-table.ts";

let database: Database;

beforeEach(async () => {
  database = await freshDatabase();
});

afterEach(() => database.close());

const fits = (): void => undefined;

function answers(from: number, count: number): AnswerSummary[] {
  const where = { model: "m", version: "1", dtype: "fp32", backend: "wasm" };
  return Array.from({ length: count }, (_, i) => ({ id: `a${from + i}`, ...where, value: i }));
}

test("an answer is found again, after a reload too", async () => {
  await new AnswerTable(database, 100).add(answers(0, 10));
  await database.close();
  const table = new AnswerTable(new Database(), 100);
  expect(await table.mark("a7", fits)).toMatchObject({ id: "a7", value: 7, isJudged: false });
});

test("of many answers the latest are kept, by the record", async () => {
  const table = new AnswerTable(database, 128);
  for (let i = 0; i < 20; i++) await table.add(answers(i * 20, 20));
  expect(await table.mark("a399", fits)).toBeDefined();
  expect(await table.mark("a280", fits)).toBeDefined();
  expect(await table.mark("a100", fits)).toBeUndefined();
  const count = await database.transact(
    { doing: "counting", stores: ["telemetry"], mode: "readonly" },
    ({ store }) => store.count(),
  );
  expect(count).toBeLessThanOrEqual(4);
});

test("of two tabs that bring the truth of one answer, one does", async () => {
  const other = new Database();
  await new AnswerTable(database, 100).add(answers(0, 3));
  const tables = [new AnswerTable(database, 100), new AnswerTable(other, 100)];
  const marked = await Promise.all(
    Array.from({ length: 6 }, (_, i) => tables[i % 2]?.mark("a1", fits)),
  );
  expect(marked.filter((answer) => answer?.isJudged === false)).toHaveLength(1);
  expect(marked.filter((answer) => answer?.isJudged === true)).toHaveLength(5);
  await other.close();
});

test("a truth that does not fit leaves the answer as it was", async () => {
  const table = new AnswerTable(database, 100);
  await table.add(answers(0, 1));
  const refuse = (): never => {
    throw new Error("not one of these");
  };
  await expect(table.mark("a0", refuse)).rejects.toThrow("not one of these");
  expect(await table.mark("a0", fits)).toMatchObject({ isJudged: false });
});

test("answers that were damaged are passed over", async () => {
  const table = new AnswerTable(database, 100);
  await table.add(answers(0, 2));
  const how = { doing: "damaging", stores: ["telemetry"], mode: "readwrite" } as const;
  await database.transact(how, async ({ store }) => {
    await store.put("nothing", "answers 000000000000001 3 x");
    await store.put([null, { id: 7 }], "answers 999999999999999 2 y");
  });
  expect(await table.mark("a1", fits)).toBeDefined();
});
