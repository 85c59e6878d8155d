import { expect, test } from "vitest";
import type { LogRecord, Store } from "../store.ts";
import { batchOf, failures, NOON, predictions } from "./sample-batch.ts";
import { buildWriter, spawnWriter } from "./spawn-writer.ts";
import type { StoreUnderTest } from "./store-contract.ts";
import { codeOf, nthBatch } from "./write-until-killed.ts";

const WINDOW = { from: NOON, to: NOON + 1000, stepMs: 1000 };

/** `npm run soak` sets how often a store is killed; a few times tell of most mistakes. */
const KILLS = Number(process.env["SELVEDGE_COLLECTOR_KILLS"] ?? 4);

const RECORD: LogRecord = {
  timeMs: NOON,
  labels: {},
  attributes: undefined,
  resource: undefined,
  severity: 9,
  event: undefined,
  body: "loaded",
  prediction: undefined,
  trace: undefined,
};

async function countOf(store: Store): Promise<number> {
  const { series } = await store.predictions(WINDOW);
  return series.flatMap(({ counts }) => counts).reduce((sum, count) => sum + count, 0);
}

/** Every acknowledged batch is there once and whole; others are there once and whole, or not at all. */
async function expectEachOnce(
  store: Store,
  acknowledged: ReadonlySet<number>,
  end: number,
): Promise<void> {
  const window = { from: NOON, to: NOON + end * 1000 };
  const { failures } = await store.failures(window);
  const counts = new Map(failures.map(({ code, count }) => [code, count]));
  expect([...acknowledged].filter((n) => counts.get(codeOf(n)) !== 1)).toEqual([]);
  expect(failures.filter(({ count }) => count !== 1)).toEqual([]);
  const [figures] = await store.figures(window);
  expect(figures?.predictions ?? 0).toBe(3 * failures.length);
}

/** What a store keeps, through repeats, crowds, restarts and kills. */
export function durabilityContract({ open, path, folder, module }: StoreUnderTest): void {
  test("counts a batch once, however often it is sent", async () => {
    const store = await open();
    const batch = batchOf("a", [predictions([0.1, 0.2]), failures(1)]);
    await store.ingestMetrics([batch]);
    await store.ingestMetrics([batch]);
    await store.ingestMetrics([batch, batch]);
    expect(await countOf(store)).toBe(2);
    expect((await store.failures(WINDOW)).failures[0]?.count).toBe(1);
  });

  test("counts a batch once when it is sent many times at once", async () => {
    const store = await open();
    const batch = batchOf("a", [predictions([0.1])]);
    await Promise.all(Array.from({ length: 20 }, () => store.ingestMetrics([batch])));
    expect(await countOf(store)).toBe(1);
  });

  test("counts every batch that has no id", async () => {
    const store = await open();
    const batch = batchOf(undefined, [predictions([0.1])]);
    await Promise.all([store.ingestMetrics([batch]), store.ingestMetrics([batch])]);
    expect(await countOf(store)).toBe(2);
  });

  test("tells a batch of metrics from a batch of logs with the same id", async () => {
    const store = await open();
    await store.ingestLogs([{ id: "a", records: [RECORD] }]);
    await store.ingestMetrics([batchOf("a", [predictions([0.1])])]);
    await store.ingestLogs([{ id: "a", records: [RECORD] }]);
    expect(await countOf(store)).toBe(1);
  });

  test("counts all of many batches that arrive at once", async () => {
    const store = await open();
    const batches = Array.from({ length: 60 }, (_, n) =>
      batchOf(
        `batch-${n}`,
        Array.from({ length: 100 }, () => predictions([0.1])),
      ),
    );
    await Promise.all(batches.map((batch) => store.ingestMetrics([batch])));
    expect(await countOf(store)).toBe(6000);
  });

  test("answers while batches are being written", async () => {
    const store = await open();
    const writes = Array.from({ length: 20 }, () =>
      store.ingestMetrics([batchOf(undefined, [predictions([0.1])])]),
    );
    const answers = Array.from({ length: 20 }, () => store.latency(WINDOW));
    await Promise.all([...writes, ...answers]);
    expect(await countOf(store)).toBe(20);
  });

  test("has everything after it was closed and opened again, and still knows repeats", async () => {
    const first = await open();
    const batch = batchOf("a", [predictions([0.1, 0.2]), failures(3)]);
    await first.ingestMetrics([batch]);
    const before = await first.latency(WINDOW);
    await first.close();
    const second = await open();
    await second.ingestMetrics([batch]);
    expect(await second.latency(WINDOW)).toEqual(before);
    expect((await second.failures(WINDOW)).failures[0]?.count).toBe(3);
  });

  test("finishes what was asked before it closes, and refuses what comes later", async () => {
    const store = await open();
    const write = store.ingestMetrics([batchOf("a", [predictions([0.1])])]);
    const closed = store.close();
    await expect(store.predictions(WINDOW)).rejects.toMatchObject({ code: "closed" });
    await expect(store.check()).rejects.toMatchObject({ code: "closed" });
    await Promise.all([write, closed, store.close()]);
    expect(await countOf(await open())).toBe(1);
  });

  test("cannot be opened twice, and the first one keeps working", async () => {
    const store = await open();
    await expect(open()).rejects.toMatchObject({
      code: "store-failed",
      message: expect.stringContaining("in use by another collector"),
    });
    await store.ingestMetrics([batchOf("a", [predictions([0.1])])]);
    expect(await countOf(store)).toBe(1);
    await store.close();
    await expect(open().then(countOf)).resolves.toBe(1);
  });

  test(
    `loses no acknowledged batch and counts none twice when its process is killed ${KILLS} times`,
    async () => {
      const script = await buildWriter(module, folder());
      const acknowledged = new Set<number>();
      let first = 0;
      for (let kill = 0; kill < KILLS; kill++) {
        const writer = spawnWriter(script, path(), first);
        // Now and then it is killed as it opens what the one before it left.
        if (kill % 5 === 3) await writer.opening();
        else await writer.acknowledged(1 + ((kill * 37) % 101));
        for (const n of await writer.kill()) acknowledged.add(n);
        // None of a killed writer's batches is used again: those without an answer may be there or not.
        first = Math.max(first, ...acknowledged) + 100;
        // The next writer opens what this one left as often as this test does.
        if (kill % 2 === 1 && kill < KILLS - 1) continue;
        const store = await open();
        await expectEachOnce(store, acknowledged, first);
        await store.close();
      }
      const store = await open();
      const named = [...acknowledged].filter((n) => nthBatch(n).id !== undefined);
      for (const n of named) await store.ingestMetrics([nthBatch(n)]);
      await expectEachOnce(store, acknowledged, first);
    },
    60_000 + KILLS * 10_000,
  );

  test("cannot be opened while another process has it, and can be once that was killed", async () => {
    const writer = spawnWriter(await buildWriter(module, folder()), path());
    await writer.acknowledged(1);
    await expect(open()).rejects.toMatchObject({
      code: "store-failed",
      message: expect.stringContaining("in use by another collector"),
    });
    await writer.kill();
    await expect(open().then((store) => store.check())).resolves.toBeUndefined();
  }, 60_000);
}
