import { beforeEach, describe, expect, test, vi } from "vitest";
import { Database } from "../store/database.ts";
import { holdOutbox } from "../store/hold-outbox.fixture.ts";
import { LeftDatabase } from "../store/left-database.ts";
import { batch } from "./batch.fixture.ts";
import { LeftRecords } from "./left-records.ts";
import { LIMITS, ME, OutboxStage } from "./outbox.fixture.ts";

let stage: OutboxStage;

beforeEach(async () => {
  stage = await OutboxStage.start();
});

describe("a user who wants none of it", () => {
  test("has nothing kept and nothing sent, whichever tab has heard of it", async () => {
    await stage.add(batch("a"));
    await stage.open().choose("denied");
    expect(await stage.outbox.add(batch("b"))).toBe("denied");
    expect(await stage.outbox.lease({ ...ME, isUrgent: true })).toEqual({ kind: "denied" });
    await stage.outbox.choose("granted");
    expect((await stage.drain()).flat()).toEqual([batch("a")]);
  });

  test("is remembered past the page, and what is erased does not change it", async () => {
    await stage.outbox.choose("denied");
    await stage.outbox.erase();
    await stage.database.close();
    expect(await stage.open(LIMITS, new Database()).look()).toBe("denied");
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
    await stage.open(LIMITS, new Database()).choose(choice);
    dying.mockRestore();
  }

  test("is written down while others are in the middle of a transaction over the outbox", async () => {
    await stage.outbox.look();
    const holding = holdOutbox(stage.database);
    const choosing = stage.outbox.choose("denied");
    const records = new LeftRecords(new LeftDatabase());
    const said = async () => (await records.read()).said;
    await vi.waitFor(async () => expect(await said()).toMatchObject({ choice: "denied" }), {
      interval: 1,
    });
    expect(await holding.end()).toBe("was held");
    await choosing;
    expect(await stage.outbox.choice()).toBe("denied");
  });

  test("holds for every page after it, and for tabs that are open as they come to send", async () => {
    await stage.add(batch("a"));
    await sayAndDie("denied");
    expect(await stage.open(LIMITS, new Database()).choice()).toBe("denied");
    expect(await stage.outbox.lease({ ...ME, isUrgent: true })).toEqual({ kind: "denied" });
    expect(await stage.outbox.add(batch("b"))).toBe("denied");
  });

  test("gives way to what they say later, and is not brought back by a tab that had read it", async () => {
    await sayAndDie("denied");
    const reading = new Database();
    const { transact } = reading;
    vi.spyOn(reading, "transact").mockImplementation(async (how, run) => {
      if (how.mode === "readwrite" && how.stores.includes("outbox"))
        await stage.outbox.choose("granted");
      return transact.call(reading, how, run);
    });
    expect(await stage.open(LIMITS, reading).look()).toBe("granted");
    expect(await stage.outbox.choice()).toBe("granted");
  });

  test("outlives an erasure that follows it", async () => {
    await sayAndDie("denied");
    await stage.outbox.erase();
    expect(await stage.outbox.look()).toBe("denied");
  });

  test("in version 5 of the store holds until they say something else", async () => {
    await stage.database.use("testing", (connection) =>
      connection.put("telemetry", "denied", "consent"),
    );
    expect(await stage.outbox.choice()).toBe("denied");
    expect(await stage.outbox.add(batch("a"))).toBe("denied");
    await stage.outbox.choose("granted");
    expect(await stage.outbox.add(batch("b"))).toBe("stored");
  });
});
