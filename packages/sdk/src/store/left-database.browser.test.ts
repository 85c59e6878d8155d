import { openDB } from "idb";
import { beforeEach, expect, test } from "vitest";
import { freshDatabase } from "./fresh-database.fixture.ts";
import { leaveAnswers, readLeftAnswers } from "./left-answers.ts";
import { LeftDatabase } from "./left-database.ts";

beforeEach(async () => {
  await (await freshDatabase()).close();
});

test("what pages of an earlier version left is there after an upgrade, and more can be left", async () => {
  const old = await openDB("selvedge-left", 1, {
    upgrade(connection) {
      for (const name of ["batches", "choices"])
        connection.createObjectStore(name, { keyPath: "key", autoIncrement: true });
    },
  });
  await old.add("batches", { leftAt: 7 });
  old.close();
  const database = new LeftDatabase();
  const batches = await database.use("testing", (connection) => connection.getAll("batches"));
  expect(batches).toMatchObject([{ leftAt: 7 }]);
  await leaveAnswers(database, []);
  expect(await readLeftAnswers(database)).toMatchObject([{ answers: [] }]);
  await database.close();
});

test("keys are greater than those of a database that was deleted", async () => {
  const keys: number[] = [];
  for (let i = 0; i < 2; i++) {
    const database = new LeftDatabase();
    await leaveAnswers(database, []);
    await leaveAnswers(database, []);
    const left = await readLeftAnswers(database);
    keys.push(...left.map(({ key = 0 }) => key));
    await database.close();
    await (await freshDatabase()).close();
  }
  expect(keys).toEqual([...keys].sort((a, b) => a - b));
  expect(new Set(keys).size).toBe(4);
});
