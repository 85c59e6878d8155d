import { appendFile, mkdir, mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { batchOf, failures, NOON, predictions } from "../contract/sample-batch.ts";
import { openDuckDbStore } from "../duckdb/open-duckdb-store.ts";
import type { Store } from "../store.ts";
import { openJournalledStore } from "./journalled-store.ts";
import { encodeRecord } from "./record.ts";

const WINDOW = { from: NOON, to: NOON + 1000 };

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "selvedge-journalled-"));
});
afterEach(() => rm(folder, { recursive: true }));

/** A store whose disk is full while it is said to be. */
async function failing(): Promise<{ store: Store; journal: string; fail: (is: boolean) => void }> {
  const inner = await openDuckDbStore(join(folder, "store"));
  let isFull = false;
  const store: Store = {
    ...inner,
    ingestMetrics: async (batches) => {
      if (isFull && batches.length > 0) throw new Error("full disk");
      await inner.ingestMetrics(batches);
    },
  };
  const fail = (is: boolean) => {
    isFull = is;
  };
  return { store, journal: join(folder, "journal"), fail };
}

async function countIn(store: Store): Promise<number> {
  return (await store.failures(WINDOW)).failures[0]?.count ?? 0;
}

test("keeps what the store cannot take now, and moves it when it can", async () => {
  const { store: inner, journal, fail } = await failing();
  const store = await openJournalledStore(inner, journal);
  fail(true);
  await store.ingestMetrics([batchOf("a", [failures(2)])]);
  expect(await countIn(store)).toBe(0);
  fail(false);
  expect(await countIn(store)).toBe(2);
  await store.close();
});

test.each(["counters", "histograms"] as const)(
  "attributes that wait are counted with every one of the %s that holds them",
  async (kind) => {
    const told = vi.spyOn(console, "error").mockImplementation(() => undefined);
    const { store: inner, journal, fail } = await failing();
    const store = await openJournalledStore(inner, journal);
    fail(true);
    const attributes = JSON.stringify({ text: "x".repeat(2 ** 20) });
    const part = kind === "counters" ? failures(1) : predictions([1]);
    const points = Array.from({ length: 129 }, () => part);
    const batch = batchOf("a", points);
    await store.ingestMetrics([
      { ...batch, [kind]: batch[kind].map((point) => ({ ...point, attributes })) },
    ]);
    await expect(store.ingestMetrics([batchOf("b", [failures(1)])])).rejects.toMatchObject({
      message: expect.stringContaining("take more than it can write"),
    });
    fail(false);
    expect(await countIn(store)).toBe(kind === "counters" ? 129 : 0);
    await store.ingestMetrics([batchOf("b", [failures(1)])]);
    await store.close();
    told.mockRestore();
  },
);

test("answers while more keeps coming in", async () => {
  const inner = await openDuckDbStore(join(folder, "store"));
  let isFlowing = true;
  let sent = 0;
  const sending: Promise<void>[] = [];
  const send = () => {
    sending.push(store.ingestMetrics([batchOf(`batch-${sent++}`, [failures(1)])]));
  };
  const flowing: Store = {
    ...inner,
    ingestMetrics: async (batches) => {
      // Some are in the journal before what is moved now is in the store.
      if (isFlowing && batches.length > 0) send();
      await Promise.all(sending);
      await inner.ingestMetrics(batches);
    },
  };
  const store = await openJournalledStore(flowing, join(folder, "journal"));
  send();
  await Promise.all(sending);
  expect(await countIn(store)).toBeGreaterThan(0);
  isFlowing = false;
  await store.close();
});

test("puts aside a batch that the store never takes, and goes on with the others", async () => {
  const told = vi.spyOn(console, "error").mockImplementation(() => undefined);
  const inner = await openDuckDbStore(join(folder, "store"));
  const picky: Store = {
    ...inner,
    ingestMetrics: async (batches) => {
      if (batches.some(({ id }) => id === "bad")) throw new Error("cannot be written");
      await inner.ingestMetrics(batches);
    },
  };
  const journal = join(folder, "journal");
  const store = await openJournalledStore(picky, journal);
  await store.ingestMetrics([batchOf("bad", [failures(100)])]);
  for (let i = 0; i < 12; i++) {
    await store.ingestMetrics([batchOf(`good-${i}`, [failures(1)])]);
    expect(await countIn(store)).toBe(i + 1);
  }
  await store.close();
  expect(await readdir(journal)).toEqual(["refused.jsonl"]);
  expect(told).toHaveBeenCalled();
  told.mockRestore();
});

test("loses nothing that can neither be taken nor put aside", async () => {
  const inner = await openDuckDbStore(join(folder, "store"));
  let isPicky = true;
  const picky: Store = {
    ...inner,
    ingestMetrics: async (batches) => {
      if (isPicky && batches.some(({ id }) => id === "bad")) throw new Error("cannot be written");
      await inner.ingestMetrics(batches);
    },
  };
  const journal = join(folder, "journal");
  const store = await openJournalledStore(picky, journal);
  await mkdir(join(journal, "refused.jsonl"));
  await store.ingestMetrics([batchOf("bad", [failures(100)])]);
  for (let i = 0; i < 12; i++) {
    await store.ingestMetrics([batchOf(`good-${i}`, [failures(1)])]);
    expect(await countIn(store)).toBe(i + 1);
  }
  isPicky = false;
  expect(await countIn(store)).toBe(112);
  await store.close();
});

test("moves by itself, without being asked anything", async () => {
  const { store: inner, journal } = await failing();
  const store = await openJournalledStore(inner, journal);
  await store.ingestMetrics([batchOf("a", [failures(2)])]);
  await vi.waitUntil(async () => (await countIn(inner)) === 2);
  await store.close();
});

test("has what it could not move before it closed when it is opened again, once", async () => {
  const { store: first, journal, fail } = await failing();
  const store = await openJournalledStore(first, journal);
  await store.ingestMetrics([batchOf("a", [failures(1)])]);
  fail(true);
  await store.ingestMetrics([batchOf("b", [failures(2)]), batchOf(undefined, [failures(4)])]);
  await store.close();
  expect(await readdir(journal)).toHaveLength(1);
  const again = await openJournalledStore((await failing()).store, journal);
  expect(await countIn(again)).toBe(7);
  await again.close();
  expect(await readdir(journal)).toEqual([]);
});

test("is not opened, and loses nothing, where what was left cannot be moved", async () => {
  const { store: first, journal, fail } = await failing();
  const store = await openJournalledStore(first, journal);
  fail(true);
  await store.ingestMetrics([batchOf("a", [failures(2)])]);
  await store.close();
  const second = await failing();
  second.fail(true);
  await expect(openJournalledStore(second.store, journal)).rejects.toMatchObject({
    code: "store-failed",
    message: expect.stringContaining("full disk"),
  });
  const third = await openJournalledStore((await failing()).store, journal);
  expect(await countIn(third)).toBe(2);
  await third.close();
});

test("acknowledges nothing that its journal did not take", async () => {
  const { store: inner, journal } = await failing();
  const store = await openJournalledStore(inner, journal);
  // The folder goes away before the first file is begun in it.
  await rm(journal, { recursive: true });
  await expect(store.ingestMetrics([batchOf("a", [failures(1)])])).rejects.toMatchObject({
    code: "store-failed",
  });
  expect(await countIn(store)).toBe(0);
  await store.close();
});

test("has no batch left to move again when ids are forgotten", async () => {
  const { store: inner, journal } = await failing();
  const store = await openJournalledStore(inner, journal);
  await store.ingestMetrics([batchOf("a", [failures(2)])]);
  await store.maintain(Date.now() + 25 * 3_600_000);
  await vi.waitUntil(async () => (await readdir(journal)).length === 0);
  await store.close();
});

test("starts although the only batch that was left is one that the store never takes", async () => {
  const told = vi.spyOn(console, "error").mockImplementation(() => undefined);
  const { store: broken, journal, fail } = await failing();
  const store = await openJournalledStore(broken, journal);
  fail(true);
  await store.ingestMetrics([batchOf("bad", [failures(1)])]);
  await store.close();
  const inner = await openDuckDbStore(join(folder, "store"));
  const picky: Store = {
    ...inner,
    ingestMetrics: async (batches) => {
      if (batches.some(({ id }) => id === "bad")) throw new Error("cannot be written");
      await inner.ingestMetrics(batches);
    },
  };
  const again = await openJournalledStore(picky, journal);
  await again.ingestMetrics([batchOf("good", [failures(3)])]);
  expect(await countIn(again)).toBe(3);
  await again.close();
  expect(await readdir(journal)).toEqual(["refused.jsonl"]);
  told.mockRestore();
});

test("starts beside an entry that says nothing to it, and keeps it as it was", async () => {
  const told = vi.spyOn(console, "error").mockImplementation(() => undefined);
  const { store: first, journal, fail } = await failing();
  const store = await openJournalledStore(first, journal);
  fail(true);
  await store.ingestMetrics([batchOf("a", [failures(2)])]);
  await store.close();
  const later = Buffer.from('{"signal":"metrics","of":"a later version"}');
  const [name = ""] = await readdir(journal);
  await appendFile(join(journal, name), encodeRecord(later));
  const again = await openJournalledStore((await failing()).store, journal);
  expect(await countIn(again)).toBe(2);
  await again.close();
  const aside = JSON.parse(await readFile(join(journal, "refused.jsonl"), "utf8"));
  expect(aside).toEqual({ base64: later.toString("base64") });
  expect(told).toHaveBeenCalled();
  told.mockRestore();
});
