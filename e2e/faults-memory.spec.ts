import { BYSTANDER, BYSTANDER_BIAS, MODEL } from "./fixtures/fault-registry.ts";
import { expect, test } from "./fixtures/faults.ts";
import { note } from "./fixtures/note.ts";

/** What the runtime starts in, with room for small calls only: 24 MiB in pages of 64 KiB. */
const SMALL = { fault: "memory", maxPages: 384 } as const;

/** A call of so many rows takes 8 MB, and its answer 12 MB. */
const MANY_ROWS = 60_000;

test("a call that an engine has no memory for is answered by one that has", async ({
  faulty: page,
  gaps,
}) => {
  await gaps.start();
  const { ends, after } = await page.evaluate(
    async ({ name, order, rows }) => {
      engines.fromStart = (before) => (before === 0 ? [order] : []);
      const model = await openSelvedge().load(name, { backend: "wasm" });
      const ends = await Promise.all([
        callAtOnce(model, 5),
        callAtOnce(model, 1, { from: 5, rows }),
        callAtOnce(model, 5, { from: 6 }),
      ]);
      return { ends, after: await callInTurn(model, 5) };
    },
    { name: MODEL, order: SMALL, rows: MANY_ROWS },
  );
  expect(ends.flatMap(({ failed }) => failed)).toEqual([]);
  expect(ends.map(({ right }) => right)).toEqual([5, 1, 5]);
  expect(after.right).toBe(5);
  await gaps.report("a call that there is no memory for");
});

test("a call that no engine has memory for fails with a clear error, and every other is answered", async ({
  faulty: page,
}) => {
  const { before, during, bystander, after } = await page.evaluate(
    async ({ name, bystanderName, bias, order, rows }) => {
      engines.fromStart = () => [order];
      const selvedge = openSelvedge();
      const model = await selvedge.load(name, { backend: "wasm" });
      const other = await selvedge.load(bystanderName, { backend: "wasm" });
      const before = await callInTurn(model, 5);
      const calls = Promise.all([
        callAtOnce(model, 1, { from: 5, rows }),
        callAtOnce(model, 5, { from: 6 }),
      ]);
      const bystander = await callInTurn(other, 10, { bias });
      const during = await calls;
      return { before, during, bystander, after: await callInTurn(model, 5) };
    },
    {
      ...{ name: MODEL, bystanderName: BYSTANDER, bias: BYSTANDER_BIAS },
      ...{ order: SMALL, rows: MANY_ROWS },
    },
  );
  const [large, small] = during;
  const [failure] = large?.failed ?? [];
  note("no memory for a call", `after ${large?.tookMs.toFixed(0)} ms: ${failure?.message}`);
  expect(before.right).toBe(5);
  expect(failure).toMatchObject({
    code: expect.stringMatching(/^(run-failed|engine-crashed|out-of-memory)$/),
    message: expect.stringMatching(/memory|alloc/i),
  });
  expect(small).toMatchObject({ right: 5, failed: [] });
  expect(bystander.right).toBe(10);
  expect(after.right).toBe(5);
});
