import type { OtlpBatch, OtlpMetricsRequest } from "@selvedge/protocol";
import { openDB } from "idb";
import { beforeEach, describe, expect, test, vi } from "vitest";
import { Database } from "../store/database.ts";
import { freshDatabase } from "../store/fresh-database.fixture.ts";
import { holdOutbox } from "../store/hold-outbox.fixture.ts";
import { LeftDatabase } from "../store/left-database.ts";
import { UNANSWERED } from "./answer.ts";
import { batch, dropsIn, idsIn, logs, spans } from "./batch.fixture.ts";
import type { LeasedBatch } from "./lease-batches.ts";
import { leftBatches, putLeft } from "./left.fixture.ts";
import { LeftRecords } from "./left-records.ts";
import { Outbox } from "./outbox.ts";

const DAY_MS = 24 * 60 * 60_000;
const LIMITS = { maxBytes: 5 * 1024 * 1024, maxAgeMs: 7 * DAY_MS };
const ME = { owner: "me", endpoint: "https://collector.test/v1" };
const OTHER = { ...ME, owner: "other" };
const TAKEN = { kind: "taken", rejected: 0 } as const;

type OtlpPart = OtlpMetricsRequest["resourceMetrics"][number];

let database: Database;
let outbox: Outbox;
/** What the device's clock says. */
let now: number;

beforeEach(async () => {
  database = await freshDatabase();
  now = Date.UTC(2026, 0, 1);
  outbox = open();
});

function open(limits = LIMITS, on = database): Outbox {
  return new Outbox(on, limits, () => now);
}

async function add(...batches: OtlpBatch[]): Promise<void> {
  for (const one of batches) await outbox.add(one);
}

/** What somebody may send now. */
async function lease(by = ME, wanted = { isUrgent: true }): Promise<readonly LeasedBatch[]> {
  const leased = await outbox.lease({ ...by, ...wanted });
  return leased.kind === "batches" ? leased.batches : [];
}

const ids = (leased: readonly LeasedBatch[]) => leased.flatMap((one) => idsIn(one.batch));

/** Takes everything out, request by request. */
async function drain(): Promise<OtlpBatch[][]> {
  const requests: OtlpBatch[][] = [];
  for (let next = await lease(); next.length > 0; next = await lease()) {
    requests.push(next.map((one) => one.batch));
    await outbox.settle(next, TAKEN, ME);
  }
  return requests;
}

/** What the next batch reports as given up, and what waits besides. */
async function reported(): Promise<Record<string, number>> {
  await add(batch("the next"));
  const all = (await drain()).flat().map(dropsIn);
  return Object.assign({}, ...all);
}

describe("what waits", () => {
  test("comes out in the order it went in, batches of one signal together", async () => {
    await add(batch("a"), logs("b"), batch("c"), spans("d"));
    expect(await drain()).toEqual([[batch("a"), batch("c")], [logs("b")], [spans("d")]]);
  });

  test("survives the page", async () => {
    await add(batch("a"));
    await database.close();
    outbox = open(LIMITS, new Database());
    expect(await drain()).toEqual([[batch("a")]]);
  });

  test("fills a request up to 256 KiB, whatever the first batch takes", async () => {
    const large = "x".repeat(150 * 1024);
    await add(batch("a", large), batch("b", large), batch("c"), batch("d", large + large));
    expect((await drain()).map((request) => request.flatMap(idsIn))).toEqual([
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
    await add(batch("a"), contribution, batch("c"));
    expect((await drain()).map((request) => request.flatMap(idsIn))).toEqual([["a", "c"], ["b"]]);
  });

  test("of older versions is carried over", async () => {
    await database.close();
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
    outbox = open({ ...LIMITS, maxBytes: 900 }, new Database());
    await add(batch("c"), batch("d"));
    const [first = [], ...others] = await drain();
    expect(first.flatMap(idsIn).slice(0, 3)).toEqual(["b", "c", "d"]);
    expect(first.map(dropsIn)).toContainEqual({ "too-many-bytes": 1 });
    expect(others).toEqual([]);
  });
});

test("what pages of earlier versions left among what waits is told apart by what they knew", async () => {
  const counted = { bytes: 300, items: 1, addedAt: 0, tries: 0 };
  const state = { seenAt: now, clock: 0, bytes: 300, drops: {}, sentAt: -1e9, erasures: 2 };
  await database.use("testing", async (connection) => {
    await connection.add("outbox", { ...batch("waits"), ...counted });
    await connection.add("outbox", { ...batch("left"), ...counted, erasures: 2 });
    await connection.add("outbox", { ...batch("left before"), ...counted, erasures: 1 });
    await connection.put("telemetry", state, "outbox");
  });
  expect((await drain()).flat().flatMap(idsIn)).toEqual(["waits", "left"]);
  expect(await reported()).toEqual({ erased: 1 });
});

describe("a lease", () => {
  beforeEach(() => add(batch("a")));

  test("keeps others away until it is settled", async () => {
    const mine = await lease(ME);
    expect(ids(mine)).toEqual(["a"]);
    expect(await lease(OTHER)).toEqual([]);
    await outbox.settle(mine, UNANSWERED, ME);
    expect(ids(await lease(OTHER))).toEqual(["a"]);
  });

  test("is taken over by another once it has run out, and the others are told when", async () => {
    await lease(ME);
    expect(await outbox.lease({ ...OTHER, isUrgent: true })).toMatchObject({
      kind: "wait",
      ms: 45_000,
    });
    now += 44_000;
    expect(await lease(OTHER)).toEqual([]);
    now += 1_000;
    expect(ids(await lease(OTHER))).toEqual(["a"]);
  });

  test("that was taken over is not given back by its first owner", async () => {
    const mine = await lease(ME);
    now += 46_000;
    await lease(OTHER);
    await outbox.settle(mine, UNANSWERED, ME);
    now += 1_000;
    expect(await lease({ ...ME, owner: "third" })).toEqual([]);
  });

  test.each([
    ["put back by a year", -365 * DAY_MS],
    ["put forward by a year", 365 * DAY_MS],
  ])("ends in its time with the clock %s", async (_how, jump) => {
    await lease(ME);
    now += jump;
    await outbox.look();
    now += 46_000;
    expect(ids(await lease(OTHER))).toEqual(["a"]);
  });
});

describe("what is acknowledged", () => {
  test("leaves, whoever sent it, once or twice", async () => {
    await add(batch("a"), batch("b"));
    const mine = await lease(ME);
    now += 46_000;
    const theirs = await lease(OTHER);
    await outbox.settle(mine, TAKEN, ME);
    await outbox.settle(theirs, TAKEN, OTHER);
    expect(await drain()).toEqual([]);
  });

  test("in part, is counted for what was not taken of it", async () => {
    await add(batch("a"));
    await outbox.settle(await lease(), { kind: "taken", rejected: 3 }, ME);
    expect(await reported()).toEqual({ rejected: 3 });
  });
});

describe("what is refused for good", () => {
  const REFUSED = { kind: "refused", status: 400 } as const;

  test("is dropped, and reported with its status", async () => {
    await add(batch("a"));
    await outbox.settle(await lease(), REFUSED, ME);
    expect(await reported()).toEqual({ "refused-400": 1 });
  });

  test("together is sent again one by one: the others of a request are not to blame", async () => {
    await add(batch("a"), batch("b"), batch("c"));
    await outbox.settle(await lease(), REFUSED, ME);
    const a = await lease();
    expect(ids(a)).toEqual(["a"]);
    await outbox.settle(a, TAKEN, ME);
    await outbox.settle(await lease(), REFUSED, ME);
    expect(await reported()).toEqual({ "refused-400": 1 });
    expect(await drain()).toEqual([]);
  });
});

test("a batch on which the collector fails lets the others past", async () => {
  await add(batch("bad"), batch("good"));
  const failed = { ...UNANSWERED, isSuspect: true };
  await outbox.settle(await lease(), failed, ME);
  expect(ids(await lease())).toEqual(["bad"]);
  now += 46_000;
  const bad = await lease();
  await outbox.settle(bad, failed, ME);
  expect(ids(await lease())).toEqual(["good"]);
});

describe("of what is too much", () => {
  test("the oldest goes first, down to the bytes there may be, and is reported", async () => {
    const bytes = JSON.stringify(batch("aaaa").body).length;
    outbox = open({ ...LIMITS, maxBytes: 3 * bytes });
    await add(batch("aaaa"), batch("bbbb"), batch("cccc"));
    expect(ids(await lease())).toEqual(["aaaa", "bbbb", "cccc"]);
    now += 46_000;
    await add(batch("dddd"));
    const requests = await drain();
    expect(requests.flat().flatMap(idsIn).slice(0, 3)).toEqual(["bbbb", "cccc", "dddd"]);
    expect(requests.flat().map(dropsIn)).toContainEqual({ "too-many-bytes": 1 });
  });

  test("a batch that is too much by itself costs no other", async () => {
    outbox = open({ ...LIMITS, maxBytes: 1000 });
    await add(batch("a"), batch("b", "x".repeat(2000)));
    const all = (await drain()).flat();
    expect(all[0]).toEqual(batch("a"));
    expect(all.map(dropsIn)).toContainEqual({ "too-many-bytes": 1 });
  });

  test("what is being sent is let be", async () => {
    outbox = open({ ...LIMITS, maxBytes: 2 * JSON.stringify(batch("a").body).length });
    await add(batch("a"));
    const a = await lease();
    await add(batch("b"), batch("c"));
    outbox = open();
    await outbox.settle(a, TAKEN, ME);
    const all = (await drain()).flat();
    expect(all.flatMap(idsIn)[0]).toBe("c");
    expect(all.map(dropsIn)).toContainEqual({ "too-many-bytes": 1 });
  });
});

describe("of what is too old", () => {
  test("seven days pass, and it is dropped and reported", async () => {
    await add(batch("a"), batch("b"));
    for (let day = 0; day < 7; day++) {
      now += DAY_MS;
      await outbox.look();
    }
    expect(ids(await lease())).toEqual(["a", "b"]);
    now += DAY_MS;
    expect(await reported()).toEqual({ "too-old": 2 });
  });

  test("a clock that jumps from 1970 to this year costs nothing", async () => {
    now = 0;
    await add(batch("a"));
    now = Date.UTC(2026, 0, 1);
    await add(batch("b"));
    expect((await drain()).flat()).toEqual([batch("a"), batch("b")]);
  });
});

test("a report of drops that is dropped itself is told by the next", async () => {
  outbox = open({ ...LIMITS, maxAgeMs: DAY_MS });
  await add(batch("a"));
  await outbox.settle(await lease(), { kind: "refused", status: 413 }, ME);
  await add(batch("b"));
  for (let day = 0; day < 2; day++) {
    now += DAY_MS;
    await outbox.look();
  }
  expect(await reported()).toEqual({ "refused-413": 1, "too-old": 1 });
});

describe("the pace", () => {
  const kindOf = async (by = ME) => (await outbox.lease(by)).kind;

  test("is one request in ten seconds, of all tabs and past the page", async () => {
    await add(batch("a"), logs("b"));
    expect(await kindOf(ME)).toBe("batches");
    await database.close();
    outbox = open(LIMITS, new Database());
    expect(await outbox.lease(OTHER)).toEqual({ kind: "wait", ms: 10_000, isTold: false });
    now += 10_000;
    expect(await kindOf(OTHER)).toBe("batches");
  });

  test("stands still for as long as the collector asked, past the page, also for who is in a hurry", async () => {
    await add(batch("a"));
    const answer = { kind: "later", isAsked: true, atLeastMs: 600_000, isSuspect: false } as const;
    await outbox.settle(await lease(), answer, ME);
    await database.close();
    outbox = open(LIMITS, new Database());
    now += 599_000;
    expect(await outbox.lease({ ...ME, isUrgent: true })).toMatchObject({ isTold: true });
    now += 1_000;
    expect(ids(await lease())).toEqual(["a"]);
  });

  test("that one collector asked for holds for no other", async () => {
    await add(batch("a"));
    const answer = { kind: "later", isAsked: true, atLeastMs: 600_000, isSuspect: false } as const;
    await outbox.settle(await lease(), answer, ME);
    expect(ids(await lease({ ...ME, endpoint: "https://other.test/v1" }))).toEqual(["a"]);
  });

  test("stands still for longer with each failure, unless somebody is in a hurry", async () => {
    await add(batch("a"));
    const waits: number[] = [];
    for (let i = 0; i < 12; i++) {
      await outbox.settle(await lease(), UNANSWERED, ME);
      const wait = await outbox.lease(ME);
      waits.push(wait.kind === "wait" ? wait.ms : 0);
    }
    expect(waits[0]).toBeGreaterThanOrEqual(5_000);
    expect(waits[0]).toBeLessThanOrEqual(15_000);
    expect(waits[3]).toBeGreaterThanOrEqual(40_000);
    expect(Math.max(...waits)).toBeLessThanOrEqual(15 * 60_000);
    expect(waits[11]).toBeGreaterThanOrEqual(5 * 60_000);
  });
});

describe("a user who wants none of it", () => {
  test("has nothing kept and nothing sent, whichever tab has heard of it", async () => {
    await add(batch("a"));
    await open().choose("denied");
    expect(await outbox.add(batch("b"))).toBe("denied");
    expect(await outbox.lease({ ...ME, isUrgent: true })).toEqual({ kind: "denied" });
    await outbox.choose("granted");
    expect((await drain()).flat()).toEqual([batch("a")]);
  });

  test("is remembered past the page, and what is erased does not change it", async () => {
    await outbox.choose("denied");
    await outbox.erase();
    await database.close();
    expect(await open(LIMITS, new Database()).look()).toBe("denied");
  });
});

describe("what a user says as their page goes elsewhere", () => {
  /** Says something, and dies before the outbox hears of it. */
  async function sayAndDie(choice: "granted" | "denied"): Promise<void> {
    const begun = IDBDatabase.prototype.transaction;
    const dying = vi.spyOn(IDBDatabase.prototype, "transaction").mockImplementation(function (
      this: IDBDatabase,
      names,
      ...how
    ) {
      if ([names].flat().includes("telemetry")) throw new DOMException("killed", "UnknownError");
      return begun.call(this, names, ...how);
    });
    await open(LIMITS, new Database()).choose(choice);
    dying.mockRestore();
  }

  test("is written down while others are in the middle of a transaction over the outbox", async () => {
    await outbox.look();
    const holding = holdOutbox(database);
    const choosing = outbox.choose("denied");
    const records = new LeftRecords(new LeftDatabase());
    const said = async () => (await records.read()).said;
    await vi.waitFor(async () => expect(await said()).toMatchObject({ choice: "denied" }), {
      interval: 1,
    });
    expect(await holding.end()).toBe("was held");
    await choosing;
    expect(await outbox.choice()).toBe("denied");
  });

  test("holds for every page after it, and for tabs that are open as they come to send", async () => {
    await add(batch("a"));
    await sayAndDie("denied");
    expect(await open(LIMITS, new Database()).choice()).toBe("denied");
    expect(await outbox.lease({ ...ME, isUrgent: true })).toEqual({ kind: "denied" });
    expect(await outbox.add(batch("b"))).toBe("denied");
  });

  test("gives way to what they say later, and is not brought back by a tab that had read it", async () => {
    await sayAndDie("denied");
    const reading = new Database();
    const { transact } = reading;
    vi.spyOn(reading, "transact").mockImplementation(async (how, run) => {
      if (how.mode === "readwrite" && how.stores.includes("outbox")) await outbox.choose("granted");
      return transact.call(reading, how, run);
    });
    expect(await open(LIMITS, reading).look()).toBe("granted");
    expect(await outbox.choice()).toBe("granted");
  });

  test("outlives an erasure that follows it", async () => {
    await sayAndDie("denied");
    await outbox.erase();
    expect(await outbox.look()).toBe("denied");
  });

  test("in version 5 of the store holds until they say something else", async () => {
    await database.use("testing", (connection) => connection.put("telemetry", "denied", "consent"));
    expect(await outbox.choice()).toBe("denied");
    expect(await outbox.add(batch("a"))).toBe("denied");
    await outbox.choose("granted");
    expect(await outbox.add(batch("b"))).toBe("stored");
  });
});

describe("erasing", () => {
  test("deletes what waits, ids and predictions; how much it was is counted", async () => {
    await add(batch("a"), batch("b"));
    await database.use("testing", async (connection) => {
      await connection.put("telemetry", "an id", "contributor");
      await connection.put("predictions", { id: "p", at: 1 } as never);
    });
    await outbox.erase();
    const left = await database.use("testing", async (connection) => [
      await connection.getAllKeys("telemetry"),
      await connection.getAllKeys("predictions"),
      await connection.getAllKeys("outbox"),
    ]);
    expect(left).toEqual([["outbox"], [], []]);
    expect(await reported()).toEqual({ erased: 2 });
  });

  test("in one tab keeps out what another had measured before", async () => {
    const onErased = vi.fn();
    const other = new Outbox(database, LIMITS, () => now, onErased);
    await other.choice();
    await outbox.erase();
    expect(onErased).not.toHaveBeenCalled();
    expect(await other.add(batch("measured before"))).toBe("dropped");
    expect(onErased).toHaveBeenCalledOnce();
    expect(await other.add(batch("measured after"))).toBe("stored");
    expect(onErased).toHaveBeenCalledOnce();
    const all = (await drain()).flat();
    expect(all.flatMap(idsIn)).not.toContain("measured before");
    expect(all.flatMap(idsIn)).toContain("measured after");
  });

  test("that is heard of from another tab keeps out what waits for its turn, and nothing after", async () => {
    const onErased = vi.fn();
    const other = new Outbox(database, LIMITS, () => now, onErased);
    await other.choice();
    const erasures = await outbox.erase();
    const adding = other.add(batch("measured before"));
    other.hearErased(erasures);
    expect(await adding).toBe("dropped");
    expect(await other.add(batch("measured after"))).toBe("stored");
    other.hearErased(erasures);
    expect(onErased).toHaveBeenCalledOnce();
  });

  test("that fails leaves all as it was: what is measured after it is of the same time", async () => {
    const onErased = vi.fn();
    outbox = new Outbox(database, LIMITS, () => now, onErased);
    await add(batch("before"));
    vi.spyOn(IDBObjectStore.prototype, "clear").mockImplementationOnce(() => {
      throw new DOMException("the disk is full", "QuotaExceededError");
    });
    await expect(outbox.erase()).rejects.toThrow(/erasing telemetry/);
    expect(await outbox.add(batch("after"))).toBe("stored");
    expect(onErased).not.toHaveBeenCalled();
    expect((await drain()).flat()).toEqual([batch("before"), batch("after")]);
  });

  test("does not undo what the collector asked for", async () => {
    await add(batch("a"));
    const answer = { kind: "later", isAsked: true, atLeastMs: 600_000, isSuspect: false } as const;
    await outbox.settle(await lease(), answer, ME);
    await outbox.erase();
    expect(await outbox.lease({ ...ME, isUrgent: true })).toMatchObject({ isTold: true });
  });
});

test("state that makes no sense is begun anew, and the bytes counted again", async () => {
  await add(batch("a"));
  await database.use("testing", (connection) =>
    connection.put("telemetry", { clock: "?" }, "outbox"),
  );
  outbox = open({ ...LIMITS, maxBytes: JSON.stringify(batch("a").body).length });
  await add(batch("b"));
  expect((await drain()).flat().map(dropsIn)).toContainEqual({ "too-many-bytes": 1 });
});

test("a lease by a clock that was begun anew since holds nothing up", async () => {
  await add(batch("a"));
  now += DAY_MS;
  await lease();
  await database.use("testing", (connection) => connection.delete("telemetry", "outbox"));
  expect(ids(await lease(OTHER))).toEqual(["a"]);
});

/** How many wait, repeats included. */
const waiting = () => database.use("testing", (connection) => connection.count("outbox"));

/** How many batches pages have left that nobody has taken in. */
const left = async () => (await leftBatches()).length;

describe("what a page leaves as it goes away", () => {
  test("waits as other batches do", async () => {
    await outbox.look();
    await outbox.leave([batch("a"), logs("b")]);
    expect((await drain()).flat()).toEqual([batch("a"), logs("b")]);
    expect(await left()).toBe(0);
  });

  test("is stored while others are in the middle of a transaction over the outbox", async () => {
    await outbox.look();
    const holding = holdOutbox(database);
    await outbox.leave([batch("a")]);
    expect(await holding.end()).toBe("was held");
    expect((await drain()).flat()).toEqual([batch("a")]);
  });

  test("is one transaction, committed with its requests: nothing of the page's is waited for", async () => {
    await outbox.look();
    const opened = vi.spyOn(IDBDatabase.prototype, "transaction");
    const committed = vi.spyOn(IDBTransaction.prototype, "commit");
    const leaving = outbox.leave([batch("a"), batch("b"), logs("c")]);
    // No answer of the store's can have come.
    for (let i = 0; i < 20; i++) await Promise.resolve();
    expect(opened.mock.calls.map(([names]) => names)).toEqual([["batches"]]);
    expect(committed).toHaveBeenCalledOnce();
    await leaving;
    vi.restoreAllMocks();
    expect(await left()).toBe(3);
  });

  test("and had stored already is sent once", async () => {
    await add(batch("a"), batch("b"));
    await outbox.leave([batch("a")]);
    expect((await drain()).flat()).toEqual([batch("a"), batch("b")]);
  });

  test("is found by a page that stays open, and only then anything is written", async () => {
    await lease();
    const opened = vi.spyOn(IDBDatabase.prototype, "transaction");
    const written = () =>
      opened.mock.calls.flatMap(([names, mode]) => (mode === "readwrite" ? [names].flat() : []));
    await lease();
    expect(written()).not.toContain("batches");
    await open(LIMITS, new Database()).leave([batch("a")]);
    opened.mockClear();
    expect(ids(await lease())).toEqual(["a"]);
    expect(written()).toContain("batches");
    vi.restoreAllMocks();
  });

  test("is taken in once by tabs that look at once", async () => {
    await outbox.leave([batch("a"), batch("b")]);
    const tabs = [outbox, open(LIMITS, new Database()), open(LIMITS, new Database())];
    await Promise.all(tabs.map((one) => one.look()));
    expect(await waiting()).toBe(2);
    expect((await drain()).flat()).toEqual([batch("a"), batch("b")]);
  });

  test.each([0, 1, 2, 3])(
    "is lost nowhere and doubled nowhere, whatever dies after %i transactions of taking it in",
    async (most) => {
      await outbox.leave([batch("a"), batch("b")]);
      let begun = 0;
      const begin = IDBDatabase.prototype.transaction;
      const dying = vi.spyOn(IDBDatabase.prototype, "transaction").mockImplementation(function (
        this: IDBDatabase,
        ...how
      ) {
        if (begun++ >= most) throw new DOMException("killed", "UnknownError");
        return begin.apply(this, how);
      });
      await outbox.look().catch(() => undefined);
      dying.mockRestore();
      await open(LIMITS, new Database()).look();
      expect(await waiting()).toBe(2);
      expect((await drain()).flat()).toEqual([batch("a"), batch("b")]);
      expect(await left()).toBe(0);
    },
  );

  test("stays where it is while there is no room for it, and holds up nothing that waits", async () => {
    await add(batch("a"));
    await outbox.leave([batch("b")]);
    const add_ = IDBObjectStore.prototype.add;
    const full = vi.spyOn(IDBObjectStore.prototype, "add").mockImplementation(function (
      this: IDBObjectStore,
      value,
    ) {
      if (this.name === "outbox") throw new DOMException("the disk is full", "QuotaExceededError");
      return add_.call(this, value);
    });
    const waiting = await lease();
    expect(ids(waiting)).toEqual(["a"]);
    expect(await left()).toBe(1);
    await outbox.settle(waiting, TAKEN, ME);
    full.mockRestore();
    expect((await drain()).flat()).toEqual([batch("b")]);
  });

  test("is not sent where all was erased meanwhile", async () => {
    await outbox.look();
    await open().erase();
    await outbox.leave([batch("a")]);
    expect((await drain()).flat()).toEqual([]);
    expect(await reported()).toEqual({ erased: 1 });
  });

  test("is erased with all else, counted once, and not brought back by who had read it before", async () => {
    await outbox.leave([batch("a"), batch("b")]);
    const reading = open(LIMITS, new Database());
    const change = vi.spyOn(IDBDatabase.prototype, "transaction");
    const looking = reading.look();
    await vi.waitFor(() =>
      expect(change.mock.calls.map(([names]) => names)).toContainEqual(["batches", "choices"]),
    );
    await Promise.all([outbox.erase(), looking]);
    change.mockRestore();
    expect(await left()).toBe(0);
    expect((await drain()).flat().flatMap(idsIn)).not.toContain("a");
    expect(await reported()).toEqual({ erased: 2 });
  });

  test("is thrown away where the user wants no telemetry, as what is added then", async () => {
    await outbox.leave([batch("a")]);
    await outbox.choose("denied");
    await outbox.look();
    await outbox.choose("granted");
    expect((await drain()).flat()).toEqual([]);
    expect(await left()).toBe(0);
  });

  test("is as old as it is, however long ago the page has looked", async () => {
    await add(batch("a"));
    await drain();
    const other = open();
    await other.choice();
    outbox = open({ ...LIMITS, maxAgeMs: DAY_MS });
    now += 0.9 * DAY_MS;
    await other.leave([batch("left")]);
    await outbox.look();
    now += 0.9 * DAY_MS;
    await outbox.look();
    expect((await drain()).flat().flatMap(idsIn)).toEqual(["left"]);
  });

  test("counts towards what waits at most as it is taken in", async () => {
    const large = "x".repeat(2_000);
    await outbox.look();
    for (const id of ["a", "b", "c"]) await outbox.leave([batch(id, large)]);
    outbox = open({ ...LIMITS, maxBytes: 5_000 });
    expect(ids(await lease())).toEqual(["b", "c"]);
  });

  test("and is too much by itself costs no other", async () => {
    await outbox.leave([batch("a"), batch("b", "x".repeat(2_000))]);
    outbox = open({ ...LIMITS, maxBytes: 1_000 });
    expect(ids(await lease())).toEqual(["a"]);
    expect(await reported()).toMatchObject({ "too-many-bytes": 1 });
  });
});

describe("what is damaged", () => {
  const body = batch("none").body;
  const DAMAGED: [what: string, value: unknown][] = [
    ["nothing", {}],
    ["no batch", { batch: null }],
    ["no signal", { batch: { signal: "smoke", body } }],
    ["a body of another signal", { batch: { signal: "logs", body } }],
    ["nothing in its body", { batch: { signal: "metrics", body: { resourceMetrics: [null] } } }],
    ["attributes that are none", { batch: { signal: "metrics", body: noAttributes() } }],
  ];

  function noAttributes() {
    const [part] = batch("none").body.resourceMetrics;
    return { resourceMetrics: [{ ...part, resource: { attributes: [null] } }] };
  }

  const putWaiting = (value: unknown) =>
    database.use("testing", (connection) => connection.put("outbox", value as never));

  test.each(DAMAGED)(
    "and holds %s is thrown out of what was left, and told",
    async (_what, value) => {
      await outbox.leave([batch("a")]);
      await putLeft(value);
      await outbox.leave([batch("b")]);
      await outbox.look();
      expect(await reported()).toEqual({ damaged: 1 });
      expect(await left()).toBe(0);
    },
  );

  test.each(DAMAGED)("and holds %s is thrown out of what waits, and told", async (_what, value) => {
    await add(batch("a"));
    const { batch: one } = value as { batch?: object };
    await putWaiting({ ...one, bytes: 1, items: 1, addedAt: 0, tries: 0 });
    await add(batch("b"));
    await outbox.look();
    const all = (await drain()).flat();
    expect(all.flatMap(idsIn).slice(0, 2)).toEqual(["a", "b"]);
    expect(await reported()).toEqual({ damaged: 1 });
  });

  test.each([null, "text", 3])(
    "and is no record at all (%s) is thrown out of what waits",
    async (value) => {
      await add(batch("a"));
      await putWaiting(value);
      await outbox.look();
      expect((await drain()).flat()).toEqual([batch("a")]);
      await putWaiting(value);
      await outbox.erase();
      expect(await reported()).toEqual({});
    },
  );

  test("about when it was left, or what was erased by then, costs no other", async () => {
    await outbox.leave([batch("a")]);
    await putLeft({ batch: batch("b"), leftAt: Number.NaN, erasures: 0 });
    await putLeft({ batch: batch("c"), leftAt: 1e300, erasures: 0 });
    await putLeft({ batch: batch("d"), leftAt: 0, erasures: "none" });
    await putLeft({ key: 1e300, batch: batch("e"), leftAt: 0, erasures: 0 });
    await outbox.look();
    expect((await drain()).flat().flatMap(idsIn)).toEqual(["a", "b", "c"]);
    expect(await reported()).toEqual({ erased: 1 });
  });
});
