import { MODEL } from "./fixtures/fault-registry.ts";
import { expect, test } from "./fixtures/faults.ts";
import { note } from "./fixtures/note.ts";
import type { Order } from "./page/faults/orders.ts";

test.use({ hurry: 20 });

/** What an engine does instead of starting, and how a load may fail where every engine does. */
const FAULTS: readonly (readonly [string, Order, string])[] = [
  ["loops for ever as it makes a session", { fault: "hang", at: "session" }, "engine-timeout"],
  ["has no memory for its runtime", { fault: "init" }, "out-of-memory"],
  ["answers what no engine says", { fault: "garbage" }, "engine-crashed"],
  ["loops for ever before it listens", { fault: "hang", at: "script" }, "engine-timeout"],
];

for (const [what, order, code] of FAULTS)
  test(`where an engine ${what}, another starts; where all do, load says so, and loads later`, async ({
    faulty: page,
    gaps,
  }) => {
    await gaps.start();
    const { second, none, third, tookMs } = await page.evaluate(
      async ({ order, name }) => {
        const load = () => openSelvedge().load(name, { backend: "wasm" });
        engines.fromStart = (before) => (before === 0 ? [order] : []);
        const second = await callInTurn(await load(), 5);
        engines.fromStart = () => [order];
        const startedAt = performance.now();
        const none = await codeOf(load());
        const tookMs = performance.now() - startedAt;
        engines.fromStart = () => [];
        const third = await callInTurn(await load(), 5);
        return { second, none, third, tookMs };
      },
      { order, name: MODEL },
    );
    note(`every engine ${what}`, `load gave up after ${tookMs.toFixed(0)} ms, deadlines hurried`);
    expect(second).toMatchObject({ right: 5, failed: [] });
    expect(none).toBe(code);
    expect(third).toMatchObject({ right: 5, failed: [] });
    await gaps.report(`an engine that ${what}`);
  });
