import { beforeEach, describe, expect, test } from "vitest";
import { Database } from "../store/database.ts";
import { UNANSWERED } from "./answer.ts";
import { batch, logs } from "./batch.fixture.ts";
import type { LeaseRequest } from "./lease-batches.ts";
import { DAY_MS, ids, LIMITS, ME, OTHER, OutboxStage } from "./outbox.fixture.ts";

let stage: OutboxStage;

beforeEach(async () => {
  stage = await OutboxStage.start();
});

describe("a lease", () => {
  beforeEach(() => stage.add(batch("a")));

  test("keeps others away until it is settled", async () => {
    const mine = await stage.lease(ME);
    expect(ids(mine)).toEqual(["a"]);
    expect(await stage.lease(OTHER)).toEqual([]);
    await stage.outbox.settle(mine, UNANSWERED, ME);
    expect(ids(await stage.lease(OTHER))).toEqual(["a"]);
  });

  test("is taken over by another once it has run out, and the others are told when", async () => {
    await stage.lease(ME);
    expect(await stage.outbox.lease({ ...OTHER, isUrgent: true })).toMatchObject({
      kind: "wait",
      ms: 45_000,
    });
    stage.now += 44_000;
    expect(await stage.lease(OTHER)).toEqual([]);
    stage.now += 1_000;
    expect(ids(await stage.lease(OTHER))).toEqual(["a"]);
  });

  test("that was taken over is not given back by its first owner", async () => {
    const mine = await stage.lease(ME);
    stage.now += 46_000;
    await stage.lease(OTHER);
    await stage.outbox.settle(mine, UNANSWERED, ME);
    stage.now += 1_000;
    expect(await stage.lease({ ...ME, owner: "third" })).toEqual([]);
  });

  test.each([
    ["put back by a year", -365 * DAY_MS],
    ["put forward by a year", 365 * DAY_MS],
  ])("ends in its time with the clock %s", async (_how, jump) => {
    await stage.lease(ME);
    stage.now += jump;
    await stage.outbox.look();
    stage.now += 46_000;
    expect(ids(await stage.lease(OTHER))).toEqual(["a"]);
  });
});

test("a lease by a clock that was begun anew since holds nothing up", async () => {
  await stage.add(batch("a"));
  stage.now += DAY_MS;
  await stage.lease();
  await stage.database.use("testing", (connection) => connection.delete("telemetry", "outbox"));
  expect(ids(await stage.lease(OTHER))).toEqual(["a"]);
});

describe("the pace", () => {
  const kindOf = async (by: LeaseRequest) => (await stage.outbox.lease(by)).kind;

  test("is one request in ten seconds, of all tabs and past the page", async () => {
    await stage.add(batch("a"), logs("b"));
    expect(await kindOf(ME)).toBe("batches");
    await stage.database.close();
    stage.outbox = stage.open(LIMITS, new Database());
    expect(await stage.outbox.lease(OTHER)).toEqual({ kind: "wait", ms: 10_000, isTold: false });
    stage.now += 10_000;
    expect(await kindOf(OTHER)).toBe("batches");
  });

  test("stands still for as long as the collector asked, past the page, also for who is in a hurry", async () => {
    await stage.add(batch("a"));
    const answer = { kind: "later", isAsked: true, atLeastMs: 600_000, isSuspect: false } as const;
    await stage.outbox.settle(await stage.lease(), answer, ME);
    await stage.database.close();
    stage.outbox = stage.open(LIMITS, new Database());
    stage.now += 599_000;
    expect(await stage.outbox.lease({ ...ME, isUrgent: true })).toMatchObject({ isTold: true });
    stage.now += 1_000;
    expect(ids(await stage.lease())).toEqual(["a"]);
  });

  test("that one collector asked for holds for no other", async () => {
    await stage.add(batch("a"));
    const answer = { kind: "later", isAsked: true, atLeastMs: 600_000, isSuspect: false } as const;
    await stage.outbox.settle(await stage.lease(), answer, ME);
    expect(ids(await stage.lease({ ...ME, endpoint: "https://other.test/v1" }))).toEqual(["a"]);
  });

  test("stands still for longer with each failure, unless somebody is in a hurry", async () => {
    await stage.add(batch("a"));
    const waits: number[] = [];
    for (let i = 0; i < 12; i++) {
      await stage.outbox.settle(await stage.lease(), UNANSWERED, ME);
      const wait = await stage.outbox.lease(ME);
      waits.push(wait.kind === "wait" ? wait.ms : 0);
    }
    expect(waits[0]).toBeGreaterThanOrEqual(5_000);
    expect(waits[0]).toBeLessThanOrEqual(15_000);
    expect(waits[3]).toBeGreaterThanOrEqual(40_000);
    expect(Math.max(...waits)).toBeLessThanOrEqual(15 * 60_000);
    expect(waits[11]).toBeGreaterThanOrEqual(5 * 60_000);
  });
});
