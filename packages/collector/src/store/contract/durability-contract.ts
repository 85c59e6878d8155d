import { expect, test } from "vitest";
import type { LogRecord, Store } from "../store.ts";
import { batchOf, failures, NOON, predictions } from "./sample-batch.ts";
import { buildWriter, spawnWriter } from "./spawn-writer.ts";
import type { StoreUnderTest } from "./store-contract.ts";
import { nthBatch } from "./write-until-killed.ts";

const WINDOW = { from: NOON, to: NOON + 1000, stepMs: 1000 };

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

  test("loses no acknowledged batch when its process is killed", async () => {
    const script = await buildWriter(module, folder());
    let acknowledged = 0;
    for (const kill of [1, 17, 40]) {
      const writer = spawnWriter(script, path());
      await writer.acknowledged(acknowledged + kill);
      acknowledged = await writer.kill();
      const store = await open();
      const found = await countOf(store);
      // The batch that was being written may be there as well; half a batch may not.
      expect([acknowledged * 3, (acknowledged + 1) * 3]).toContain(found);
      for (let n = 0; n <= acknowledged; n++) await store.ingestMetrics([nthBatch(n)]);
      expect(await countOf(store)).toBe((acknowledged + 1) * 3);
      await store.close();
    }
  }, 60_000);

  test("cannot be opened while another process has it, and can be once that was killed", async () => {
    const writer = spawnWriter(await buildWriter(module, folder()), path());
    await writer.acknowledged(1);
    await expect(open()).rejects.toMatchObject({
      code: "store-failed",
      message: expect.stringContaining("in use by another collector"),
    });
    await writer.kill();
    expect(await countOf(await open())).toBeGreaterThanOrEqual(3);
  }, 60_000);
}
