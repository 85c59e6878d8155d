import { beforeEach, describe, expect, test, vi } from "vitest";
import { eventually } from "../eventually.fixture.ts";
import { Database } from "../store/database.ts";
import { holdOutbox } from "../store/hold-outbox.fixture.ts";
import { batch, idsIn, logs } from "./batch.fixture.ts";
import { leftBatches } from "./left.fixture.ts";
import { DAY_MS, ids, LIMITS, ME, OutboxStage, TAKEN } from "./outbox.fixture.ts";

let stage: OutboxStage;

beforeEach(async () => {
  stage = await OutboxStage.start();
});

/** How many wait, repeats included. */
const waiting = () => stage.database.use("testing", (connection) => connection.count("outbox"));

/** How many batches pages have left that nobody has taken in. */
const left = async () => (await leftBatches()).length;

describe("what a page leaves as it goes away", () => {
  test("waits as other batches do", async () => {
    await stage.outbox.look();
    await stage.outbox.leave([batch("a"), logs("b")]);
    expect((await stage.drain()).flat()).toEqual([batch("a"), logs("b")]);
    expect(await left()).toBe(0);
  });

  test("is stored while others are in the middle of a transaction over the outbox", async () => {
    await stage.outbox.look();
    const holding = holdOutbox(stage.database);
    await stage.outbox.leave([batch("a")]);
    expect(await holding.end()).toBe("was held");
    expect((await stage.drain()).flat()).toEqual([batch("a")]);
  });

  test("is one transaction, committed with its requests: nothing of the page's is waited for", async () => {
    await stage.outbox.look();
    const opened = vi.spyOn(IDBDatabase.prototype, "transaction");
    const committed = vi.spyOn(IDBTransaction.prototype, "commit");
    const leaving = stage.outbox.leave([batch("a"), batch("b"), logs("c")]);
    // No answer of the store's can have come.
    for (let i = 0; i < 20; i++) await Promise.resolve();
    expect(opened.mock.calls.map(([names]) => names)).toEqual([["batches"]]);
    expect(committed).toHaveBeenCalledOnce();
    await leaving;
    vi.restoreAllMocks();
    expect(await left()).toBe(3);
  });

  test("and had stored already is sent once", async () => {
    await stage.add(batch("a"), batch("b"));
    await stage.outbox.leave([batch("a")]);
    expect((await stage.drain()).flat()).toEqual([batch("a"), batch("b")]);
  });

  test("is found by a page that stays open, and only then anything is written", async () => {
    await stage.lease();
    const opened = vi.spyOn(IDBDatabase.prototype, "transaction");
    const written = () =>
      opened.mock.calls.flatMap(([names, mode]) => (mode === "readwrite" ? [names].flat() : []));
    await stage.lease();
    expect(written()).not.toContain("batches");
    await stage.open(LIMITS, new Database()).leave([batch("a")]);
    opened.mockClear();
    expect(ids(await stage.lease())).toEqual(["a"]);
    expect(written()).toContain("batches");
    vi.restoreAllMocks();
  });

  test("is taken in once by tabs that look at once", async () => {
    await stage.outbox.leave([batch("a"), batch("b")]);
    const tabs = [
      stage.outbox,
      stage.open(LIMITS, new Database()),
      stage.open(LIMITS, new Database()),
    ];
    await Promise.all(tabs.map((one) => one.look()));
    expect(await waiting()).toBe(2);
    expect((await stage.drain()).flat()).toEqual([batch("a"), batch("b")]);
  });

  test.each([0, 1, 2, 3])(
    "is lost nowhere and doubled nowhere, whatever dies after %i transactions of taking it in",
    async (most) => {
      await stage.outbox.leave([batch("a"), batch("b")]);
      let begun = 0;
      const begin = IDBDatabase.prototype.transaction;
      const dying = vi.spyOn(IDBDatabase.prototype, "transaction").mockImplementation(function (
        this: IDBDatabase,
        ...how
      ) {
        if (begun++ >= most) throw new DOMException("killed", "UnknownError");
        return begin.apply(this, how);
      });
      await stage.outbox.look().catch(() => undefined);
      dying.mockRestore();
      await stage.open(LIMITS, new Database()).look();
      expect(await waiting()).toBe(2);
      expect((await stage.drain()).flat()).toEqual([batch("a"), batch("b")]);
      expect(await left()).toBe(0);
    },
  );

  test("stays where it is while there is no room for it, and holds up nothing that waits", async () => {
    await stage.add(batch("a"));
    await stage.outbox.leave([batch("b")]);
    const add_ = IDBObjectStore.prototype.add;
    const full = vi.spyOn(IDBObjectStore.prototype, "add").mockImplementation(function (
      this: IDBObjectStore,
      value,
    ) {
      if (this.name === "outbox") throw new DOMException("the disk is full", "QuotaExceededError");
      return add_.call(this, value);
    });
    const waiting = await stage.lease();
    expect(ids(waiting)).toEqual(["a"]);
    expect(await left()).toBe(1);
    await stage.outbox.settle(waiting, TAKEN, ME);
    full.mockRestore();
    expect((await stage.drain()).flat()).toEqual([batch("b")]);
  });

  test("is not sent where all was erased meanwhile", async () => {
    await stage.outbox.look();
    await stage.open().erase();
    await stage.outbox.leave([batch("a")]);
    expect((await stage.drain()).flat()).toEqual([]);
    expect(await stage.reported()).toEqual({ erased: 1 });
  });

  test("is erased with all else, counted once, and not brought back by who had read it before", async () => {
    await stage.outbox.leave([batch("a"), batch("b")]);
    const reading = stage.open(LIMITS, new Database());
    const change = vi.spyOn(IDBDatabase.prototype, "transaction");
    const looking = reading.look();
    await eventually(() =>
      expect(change.mock.calls.map(([names]) => names)).toContainEqual(["batches", "choices"]),
    );
    await Promise.all([stage.outbox.erase(), looking]);
    change.mockRestore();
    expect(await left()).toBe(0);
    expect((await stage.drain()).flat().flatMap(idsIn)).not.toContain("a");
    expect(await stage.reported()).toEqual({ erased: 2 });
  });

  test("is thrown away where the user wants no telemetry, as what is added then", async () => {
    await stage.outbox.leave([batch("a")]);
    await stage.outbox.choose("denied");
    await stage.outbox.look();
    await stage.outbox.choose("granted");
    expect((await stage.drain()).flat()).toEqual([]);
    expect(await left()).toBe(0);
  });

  test("is as old as it is, however long ago the page has looked", async () => {
    await stage.add(batch("a"));
    await stage.drain();
    const other = stage.open();
    await other.choice();
    stage.outbox = stage.open({ ...LIMITS, maxAgeMs: DAY_MS });
    stage.now += 0.9 * DAY_MS;
    await other.leave([batch("left")]);
    await stage.outbox.look();
    stage.now += 0.9 * DAY_MS;
    await stage.outbox.look();
    expect((await stage.drain()).flat().flatMap(idsIn)).toEqual(["left"]);
  });

  test("counts towards what waits at most as it is taken in", async () => {
    const large = "x".repeat(2_000);
    await stage.outbox.look();
    for (const id of ["a", "b", "c"]) await stage.outbox.leave([batch(id, large)]);
    stage.outbox = stage.open({ ...LIMITS, maxBytes: 5_000 });
    expect(ids(await stage.lease())).toEqual(["b", "c"]);
  });

  test("and is too much by itself costs no other", async () => {
    await stage.outbox.leave([batch("a"), batch("b", "x".repeat(2_000))]);
    stage.outbox = stage.open({ ...LIMITS, maxBytes: 1_000 });
    expect(ids(await stage.lease())).toEqual(["a"]);
    expect(await stage.reported()).toMatchObject({ "too-many-bytes": 1 });
  });
});
