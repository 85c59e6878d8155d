import { BYSTANDER, BYSTANDER_BIAS, MODEL } from "./fixtures/fault-registry.ts";
import { expect, test } from "./fixtures/faults.ts";
import { note } from "./fixtures/note.ts";
import type { Order } from "./page/faults/orders.ts";

/** What becomes of an engine that has answered some of 100 calls. */
const FAULTS: readonly (readonly [string, Order | "terminate"])[] = [
  ["is terminated", "terminate"],
  ["loops for ever", { fault: "hang", at: "run" }],
  ["traps in its wasm", { fault: "trap" }],
  ["throws where no one catches it", { fault: "throw" }],
  ["answers what no engine says", { fault: "garbage" }],
];

for (const [what, fault] of FAULTS)
  test(`an engine that ${what} under 100 calls leaves none unanswered, and none answered wrongly`, async ({
    faulty: page,
    gaps,
  }) => {
    await gaps.start();
    const { before, during, bystander, after, afresh } = await page.evaluate(
      async ({ fault, name, bystanderName, bias }) => {
        const selvedge = openSelvedge();
        const model = await selvedge.load(name, { backend: "wasm" });
        const other = await selvedge.load(bystanderName, { backend: "wasm" });
        // From these the model learns what to expect of a call.
        const before = await callInTurn(model, 20);
        const answered = engines.heard("run", 20);
        const calls = callAtOnce(model, 100, { from: 20 });
        await answered;
        if (fault === "terminate") engines.serving().worker.terminate();
        else engines.order(fault);
        const bystander = await callInTurn(other, 20, { bias });
        const during = await calls;
        const after = await callAtOnce(model, 20, { from: 120 });
        await model.dispose();
        const afresh = await callInTurn(await selvedge.load(name, { backend: "wasm" }), 5);
        return { before, during, bystander, after, afresh };
      },
      { fault, name: MODEL, bystanderName: BYSTANDER, bias: BYSTANDER_BIAS },
    );
    note(`an engine that ${what}`, `100 calls took ${during.tookMs.toFixed(0)} ms`);
    expect(before.right).toBe(20);
    expect(during).toMatchObject({ right: 100, wrong: [], failed: [] });
    expect(bystander).toMatchObject({ right: 20, wrong: [], failed: [] });
    expect([after.right, afresh.right]).toEqual([20, 5]);
    await gaps.report(`an engine that ${what}`);
  });

test("where every engine traps, calls fail clearly and soon, and are answered once engines are well again", async ({
  faulty: page,
}) => {
  const { before, during, bystander, wellAfterMs, after } = await page.evaluate(
    async ({ name, bystanderName, bias }) => {
      const selvedge = openSelvedge();
      const other = await selvedge.load(bystanderName, { backend: "wasm" });
      const model = await selvedge.load(name, { backend: "wasm" });
      const before = await callInTurn(model, 5);
      engines.fromStart = () => [{ fault: "trap" }];
      engines.order({ fault: "trap" });
      const during = await callAtOnce(model, 20, { from: 5 });
      engines.fromStart = () => [];
      const startedAt = performance.now();
      let isWell = false;
      while (!isWell) isWell = (await callAtOnce(model, 1, { from: 25 })).right === 1;
      const wellAfterMs = performance.now() - startedAt;
      const bystander = await callInTurn(other, 5, { bias });
      return { before, during, bystander, wellAfterMs, after: await callAtOnce(model, 20) };
    },
    { name: MODEL, bystanderName: BYSTANDER, bias: BYSTANDER_BIAS },
  );
  const codes = [...new Set(during.failed.map(({ code }) => code))];
  const took = `20 calls failed after ${during.tookMs.toFixed(0)} ms (${codes.join(", ")})`;
  note("every engine traps", `${took}, and were answered ${wellAfterMs.toFixed(0)} ms later`);
  expect([before.right, during.right, during.wrong]).toEqual([5, 0, []]);
  for (const { code } of during.failed) expect(code).toBe("engine-crashed");
  expect([after.right, bystander.right]).toEqual([20, 5]);
});
