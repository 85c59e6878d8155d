import type { OtlpBatch, OtlpMetricsRequest } from "@selvedge/protocol";
import { openDB } from "idb";
import { beforeEach, describe, expect, test } from "vitest";
import { Database } from "../store/database.ts";
import { UNANSWERED } from "./answer.ts";
import { batch, dropsIn, idsIn, logs, spans } from "./batch.fixture.ts";
import { DAY_MS, ids, LIMITS, ME, OTHER, OutboxStage, TAKEN } from "./outbox.fixture.ts";

type OtlpPart = OtlpMetricsRequest["resourceMetrics"][number];

let stage: OutboxStage;

beforeEach(async () => {
  stage = await OutboxStage.start();
});

describe("what waits", () => {
  test("comes out in the order it went in, batches of one signal together", async () => {
    await stage.add(batch("a"), logs("b"), batch("c"), spans("d"));
    expect(await stage.drain()).toEqual([[batch("a"), batch("c")], [logs("b")], [spans("d")]]);
  });

  test("survives the page", async () => {
    await stage.add(batch("a"));
    await stage.database.close();
    stage.outbox = stage.open(LIMITS, new Database());
    expect(await stage.drain()).toEqual([[batch("a")]]);
  });

  test("fills a request up to 256 KiB, whatever the first batch takes", async () => {
    const large = "x".repeat(150 * 1024);
    await stage.add(batch("a", large), batch("b", large), batch("c"), batch("d", large + large));
    expect((await stage.drain()).map((request) => request.flatMap(idsIn))).toEqual([
      ["a"],
      ["b", "c"],
      ["d"],
    ]);
  });

  test("goes alone where it names its contributor", async () => {
    const [{ resource, scopeMetrics }] = batch("b").body.resourceMetrics as [OtlpPart];
    const own = { key: "selvedge.contributor", value: { stringValue: "ab" } };
    const attributes = [...(resource?.attributes ?? []), own];
    const resourceMetrics = [{ resource: { attributes }, scopeMetrics }];
    const contribution: OtlpBatch = { signal: "metrics", body: { resourceMetrics } };
    await stage.add(batch("a"), contribution, batch("c"));
    expect((await stage.drain()).map((request) => request.flatMap(idsIn))).toEqual([
      ["a", "c"],
      ["b"],
    ]);
  });

  test("of older versions is carried over", async () => {
    await stage.database.close();
    indexedDB.deleteDatabase("selvedge");
    const old = await openDB("selvedge", 3, {
      upgrade(connection) {
        for (const name of ["activations", "pieces", "leases", "downloads", "trust"])
          connection.createObjectStore(name);
        connection.createObjectStore("packs", { keyPath: "digest" });
        connection.createObjectStore("verdicts", { keyPath: ["digest", "candidate"] });
        connection.createObjectStore("outbox", { autoIncrement: true });
      },
    });
    await old.add("outbox", batch("a").body);
    await old.add("outbox", batch("b").body);
    old.close();
    stage.outbox = stage.open({ ...LIMITS, maxBytes: 900 }, new Database());
    await stage.add(batch("c"), batch("d"));
    const [first = [], ...others] = await stage.drain();
    expect(first.flatMap(idsIn).slice(0, 3)).toEqual(["b", "c", "d"]);
    expect(first.map(dropsIn)).toContainEqual({ "too-many-bytes": 1 });
    expect(others).toEqual([]);
  });
});

test("what pages of earlier versions left among what waits is told apart by what they knew", async () => {
  const counted = { bytes: 300, items: 1, addedAt: 0, tries: 0 };
  const state = { seenAt: stage.now, clock: 0, bytes: 300, drops: {}, sentAt: -1e9, erasures: 2 };
  await stage.database.use("testing", async (connection) => {
    await connection.add("outbox", { ...batch("waits"), ...counted });
    await connection.add("outbox", { ...batch("left"), ...counted, erasures: 2 });
    await connection.add("outbox", { ...batch("left before"), ...counted, erasures: 1 });
    await connection.put("telemetry", state, "outbox");
  });
  expect((await stage.drain()).flat().flatMap(idsIn)).toEqual(["waits", "left"]);
  expect(await stage.reported()).toEqual({ erased: 1 });
});

describe("what is acknowledged", () => {
  test("leaves, whoever sent it, once or twice", async () => {
    await stage.add(batch("a"), batch("b"));
    const mine = await stage.lease(ME);
    stage.now += 46_000;
    const theirs = await stage.lease(OTHER);
    await stage.outbox.settle(mine, TAKEN, ME);
    await stage.outbox.settle(theirs, TAKEN, OTHER);
    expect(await stage.drain()).toEqual([]);
  });

  test("in part, is counted for what was not taken of it", async () => {
    await stage.add(batch("a"));
    await stage.outbox.settle(await stage.lease(), { kind: "taken", rejected: 3 }, ME);
    expect(await stage.reported()).toEqual({ rejected: 3 });
  });
});

describe("what is refused for good", () => {
  const REFUSED = { kind: "refused", status: 400 } as const;

  test("is dropped, and reported with its status", async () => {
    await stage.add(batch("a"));
    await stage.outbox.settle(await stage.lease(), REFUSED, ME);
    expect(await stage.reported()).toEqual({ "refused-400": 1 });
  });

  test("together is sent again one by one: the others of a request are not to blame", async () => {
    await stage.add(batch("a"), batch("b"), batch("c"));
    await stage.outbox.settle(await stage.lease(), REFUSED, ME);
    const a = await stage.lease();
    expect(ids(a)).toEqual(["a"]);
    await stage.outbox.settle(a, TAKEN, ME);
    await stage.outbox.settle(await stage.lease(), REFUSED, ME);
    expect(await stage.reported()).toEqual({ "refused-400": 1 });
    expect(await stage.drain()).toEqual([]);
  });
});

test("a batch on which the collector fails lets the others past", async () => {
  await stage.add(batch("bad"), batch("good"));
  const failed = { ...UNANSWERED, isSuspect: true };
  await stage.outbox.settle(await stage.lease(), failed, ME);
  expect(ids(await stage.lease())).toEqual(["bad"]);
  stage.now += 46_000;
  const bad = await stage.lease();
  await stage.outbox.settle(bad, failed, ME);
  expect(ids(await stage.lease())).toEqual(["good"]);
});

describe("of what is too much", () => {
  test("the oldest goes first, down to the bytes there may be, and is reported", async () => {
    const bytes = JSON.stringify(batch("aaaa").body).length;
    stage.outbox = stage.open({ ...LIMITS, maxBytes: 3 * bytes });
    await stage.add(batch("aaaa"), batch("bbbb"), batch("cccc"));
    expect(ids(await stage.lease())).toEqual(["aaaa", "bbbb", "cccc"]);
    stage.now += 46_000;
    await stage.add(batch("dddd"));
    const requests = await stage.drain();
    expect(requests.flat().flatMap(idsIn).slice(0, 3)).toEqual(["bbbb", "cccc", "dddd"]);
    expect(requests.flat().map(dropsIn)).toContainEqual({ "too-many-bytes": 1 });
  });

  test("a batch that is too much by itself costs no other", async () => {
    stage.outbox = stage.open({ ...LIMITS, maxBytes: 1000 });
    await stage.add(batch("a"), batch("b", "x".repeat(2000)));
    const all = (await stage.drain()).flat();
    expect(all[0]).toEqual(batch("a"));
    expect(all.map(dropsIn)).toContainEqual({ "too-many-bytes": 1 });
  });

  test("what is being sent is let be", async () => {
    stage.outbox = stage.open({ ...LIMITS, maxBytes: 2 * JSON.stringify(batch("a").body).length });
    await stage.add(batch("a"));
    const a = await stage.lease();
    await stage.add(batch("b"), batch("c"));
    stage.outbox = stage.open();
    await stage.outbox.settle(a, TAKEN, ME);
    const all = (await stage.drain()).flat();
    expect(all.flatMap(idsIn)[0]).toBe("c");
    expect(all.map(dropsIn)).toContainEqual({ "too-many-bytes": 1 });
  });
});

describe("of what is too old", () => {
  test("seven days pass, and it is dropped and reported", async () => {
    await stage.add(batch("a"), batch("b"));
    for (let day = 0; day < 7; day++) {
      stage.now += DAY_MS;
      await stage.outbox.look();
    }
    expect(ids(await stage.lease())).toEqual(["a", "b"]);
    stage.now += DAY_MS;
    expect(await stage.reported()).toEqual({ "too-old": 2 });
  });

  test("a clock that jumps from 1970 to this year costs nothing", async () => {
    stage.now = 0;
    await stage.add(batch("a"));
    stage.now = Date.UTC(2026, 0, 1);
    await stage.add(batch("b"));
    expect((await stage.drain()).flat()).toEqual([batch("a"), batch("b")]);
  });
});

test("a report of drops that is dropped itself is told by the next", async () => {
  stage.outbox = stage.open({ ...LIMITS, maxAgeMs: DAY_MS });
  await stage.add(batch("a"));
  await stage.outbox.settle(await stage.lease(), { kind: "refused", status: 413 }, ME);
  await stage.add(batch("b"));
  for (let day = 0; day < 2; day++) {
    stage.now += DAY_MS;
    await stage.outbox.look();
  }
  expect(await stage.reported()).toEqual({ "refused-413": 1, "too-old": 1 });
});

test("state that makes no sense is begun anew, and the bytes counted again", async () => {
  await stage.add(batch("a"));
  await stage.database.use("testing", (connection) =>
    connection.put("telemetry", { clock: "?" }, "outbox"),
  );
  stage.outbox = stage.open({ ...LIMITS, maxBytes: JSON.stringify(batch("a").body).length });
  await stage.add(batch("b"));
  expect((await stage.drain()).flat().map(dropsIn)).toContainEqual({ "too-many-bytes": 1 });
});
