import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { eventually } from "../eventually.fixture.ts";
import type { Database, LeaseRecord } from "../store/database.ts";
import { freshDatabase } from "../store/fresh-database.fixture.ts";
import { LEASE_MS, LeaseLocks } from "./lease-locks.ts";

const DAY_MS = 86_400_000;

const { signal } = new AbortController();
let database: Database;
let nowMs: number;
let locks: LeaseLocks;

beforeEach(async () => {
  database = await freshDatabase();
  nowMs = Date.now();
  locks = new LeaseLocks(database, () => nowMs);
});

afterEach(() => {
  vi.unstubAllGlobals();
});

const lease = () => database.use("looking", (connection) => connection.get("leases", "rec"));
const put = (record: LeaseRecord) =>
  database.use("writing", (connection) => connection.put("leases", record, "rec"));
const run = () => locks.run("rec", async () => "done", { signal });

/** Runs until told to end. */
async function runOn(): Promise<() => Promise<void>> {
  let finish = (): void => undefined;
  const working = new Promise<void>((resolve) => {
    finish = resolve;
  });
  let running = Promise.resolve();
  await new Promise<void>((begun) => {
    const work = () => {
      begun();
      return working;
    };
    running = locks.run("rec", work, { signal });
  });
  return () => {
    finish();
    return running;
  };
}

test("a lease is renewed for as long as the work goes on, and given back at its end", async () => {
  const finish = await runOn();
  const first = await lease();
  nowMs += LEASE_MS - 1;
  await eventually(async () => expect((await lease())?.until).toBe(nowMs + LEASE_MS));
  expect((await lease())?.owner).toBe(first?.owner);
  await finish();
  expect(await lease()).toBeUndefined();
});

test("a clock that is put back does not make anyone wait for what a crash left behind", async () => {
  await put({ owner: "crashed", until: nowMs + DAY_MS });
  const running = run();
  await eventually(async () => expect((await lease())?.until).toBe(nowMs + LEASE_MS));
  nowMs += LEASE_MS;
  expect(await running).toBe("done");
});

test("a clock that is put back does not take a lease from who still renews it", async () => {
  const finish = await runOn();
  const { owner } = (await lease()) ?? {};
  nowMs -= DAY_MS;
  expect([...(await locks.held())]).toEqual(["rec"]);
  nowMs += LEASE_MS - 1;
  await eventually(async () => expect((await lease())?.until).toBe(nowMs + LEASE_MS));
  expect((await lease())?.owner).toBe(owner);
  await finish();
});

test("a lease without a time is not waited for", async () => {
  await put({ owner: "strange", until: Number.NaN });
  expect(await run()).toBe("done");
});

test("who was overtaken leaves the lease to who overtook it", async () => {
  const finish = await runOn();
  await put({ owner: "overtaking", until: nowMs + LEASE_MS });
  await finish();
  expect(await lease()).toMatchObject({ owner: "overtaking" });
});

test("what crashes left behind is swept away", async () => {
  await put({ owner: "crashed", until: nowMs });
  expect([...(await locks.held())]).toEqual([]);
  expect(await lease()).toBeUndefined();
});

test("where nothing can be written, the work is done without a lease", async () => {
  await database.close();
  vi.stubGlobal("indexedDB", {
    open() {
      throw new DOMException("no storage here", "SecurityError");
    },
  });
  expect(await run()).toBe("done");
  const release = await locks.hold("use:1");
  release();
});
