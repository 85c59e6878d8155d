import { DuckDBInstance } from "@duckdb/node-api";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type Ask, createReader, type Reader } from "./create-reader.ts";

/** It would take DuckDB a day. */
const ENDLESS = "SELECT count(*) FROM range(1000000000000) AS a WHERE range % 7 = 1";

let instance: DuckDBInstance;
let ask: Ask;
let inTurn: Reader["inTurn"];
beforeEach(async () => {
  instance = await DuckDBInstance.create(":memory:");
  ({ ask, inTurn } = createReader(instance));
});
afterEach(() => instance.closeSync());

/** What others wait at until it is opened. */
function createGate(): { readonly passed: Promise<void>; readonly open: () => void } {
  let open = () => {};
  const passed = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { passed, open: () => open() };
}

const one: Parameters<Ask>[0] = (read) => read("SELECT 1 AS n", {});

test("a question that runs ends when whoever asked it goes away, and others are answered", async () => {
  const controller = new AbortController();
  const begun = createGate();
  const asked = ask(
    (read) => {
      begun.open();
      return read(ENDLESS, {});
    },
    { signal: controller.signal },
  );
  await begun.passed;
  const left = expect(asked).rejects.toMatchObject({ code: "closed" });
  controller.abort();
  await left;
  expect(await ask(one)).toHaveLength(1);
});

test("a question that waits for its turn is never asked once nobody wants its answer", async () => {
  const gate = createGate();
  const running = [ask(() => gate.passed), ask(() => gate.passed)];
  const controller = new AbortController();
  let isAsked = false;
  const waiting = ask(
    async () => {
      isAsked = true;
    },
    { signal: controller.signal },
  );
  const next = ask(one);
  const left = expect(waiting).rejects.toMatchObject({ code: "closed" });
  controller.abort();
  await left;
  gate.open();
  await Promise.all(running);
  expect(await next).toHaveLength(1);
  expect(isAsked).toBe(false);
});

test("between two queries a question ends as well, and one nobody waits for does not begin", async () => {
  const controller = new AbortController();
  const { signal } = controller;
  const asked = ask(
    async (read) => {
      await read("SELECT 1", {});
      controller.abort();
      return read("SELECT 2", {});
    },
    { signal },
  );
  await expect(asked).rejects.toMatchObject({ code: "closed" });
  await expect(ask(one, { signal })).rejects.toMatchObject({ code: "closed" });
  expect(await Promise.all([ask(one), ask(one), ask(one)])).toHaveLength(3);
});

test("what is done besides waits for its turn, so that a thread is left to what is acknowledged", async () => {
  const gate = createGate();
  const running = [ask(() => gate.passed), inTurn(() => gate.passed)];
  let isBegun = false;
  const waiting = [
    inTurn(async () => {
      isBegun = true;
    }),
    ask(one),
  ];
  await new Promise((resume) => setImmediate(resume));
  expect(isBegun).toBe(false);
  gate.open();
  await Promise.all([...running, ...waiting]);
  expect(isBegun).toBe(true);
});
