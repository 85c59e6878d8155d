import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { eventually } from "../eventually.fixture.ts";
import { freshDatabase } from "../store/fresh-database.fixture.ts";
import { LEASE_MS } from "./lease-locks.ts";
import { type LockKind, type Run, Tab } from "./tab.fixture.ts";

let tabs: Tab[] = [];

/** `own` locks are one worker's: there every tab is the same. */
function open(kind: LockKind): Tab {
  const [first] = tabs;
  if (kind === "own" && first !== undefined) return first;
  const tab = new Tab(kind);
  tabs.push(tab);
  return tab;
}

beforeEach(async () => {
  await freshDatabase();
});

afterEach(() => {
  for (const tab of tabs) tab.crash();
  tabs = [];
});

/** Whoever waits has had the time to begin, if it could. */
async function expectWaiting(kind: LockKind, ...runs: Run[]): Promise<void> {
  await open(kind).held();
  await open(kind).held();
  expect(runs.map((run) => run.hasBegun)).toEqual(runs.map(() => false));
}

/** Crashes a tab, and lets the time pass for which its leases are good. */
async function crash(tab: Tab, others: readonly Tab[]): Promise<void> {
  tab.crash();
  for (const other of others) await other.remote.moveClock(LEASE_MS);
}

describe.each(["web", "lease", "own"] as const)("%s locks", (kind) => {
  test("let one tab run at a time under a key, and answer with what the work came to", async () => {
    const first = open(kind).run();
    await first.began;
    const second = open(kind).run();
    await expectWaiting(kind, second);
    first.finish("one");
    expect(await first.ended).toBe("one");
    await second.began;
    second.finish("two");
    expect(await second.ended).toBe("two");
  });

  test("never let two tabs run at once, however many come", async () => {
    let running = 0;
    let most = 0;
    const comers = Array.from({ length: 5 }, () => open(kind)).flatMap((tab) => [tab, tab, tab]);
    await Promise.all(
      comers.map(async (tab) => {
        const run = tab.run();
        await run.began;
        most = Math.max(most, ++running);
        await tab.held();
        running -= 1;
        run.finish();
        await run.ended;
      }),
    );
    expect([most, running]).toEqual([1, 0]);
  });

  test("let tabs run side by side under other keys", async () => {
    const one = open(kind).run("rec");
    const other = open(kind).run("det");
    await Promise.all([one.began, other.began]);
  });

  test("go on to the next where the work fails", async () => {
    const failing = open(kind).run();
    await failing.began;
    const next = open(kind).run();
    failing.fail(new Error("no network"));
    await expect(failing.ended).rejects.toThrow("no network");
    await next.began;
  });

  test("drop who is aborted while it waits, at once", async () => {
    const first = open(kind).run();
    await first.began;
    const aborted = open(kind).run();
    const next = open(kind).run();
    await aborted.abort();
    await expect(aborted.ended).rejects.toMatchObject({ name: "AbortError" });
    await expectWaiting(kind, next);
    first.finish();
    await next.began;
    expect(aborted.hasBegun).toBe(false);
  });

  test("leave the turn to who is aborted during its work, until that ends", async () => {
    const first = open(kind).run();
    await first.began;
    await first.abort();
    const next = open(kind).run();
    await expectWaiting(kind, next);
    first.finish("all the same");
    expect(await first.ended).toBe("all the same");
    await next.began;
  });

  test("show every tab what is run and held in any, until the last lets go", async () => {
    const [one, other] = [open(kind), open(kind)];
    const run = one.run("download:rec");
    await run.began;
    await one.remote.hold("a", "use:1");
    await other.remote.hold("b", "use:1");
    await other.remote.hold("c", "use:2");
    for (const tab of [one, other])
      expect(await tab.held()).toEqual(["download:rec", "use:1", "use:2"]);
    run.finish();
    await run.ended;
    await one.remote.release("a");
    await other.remote.release("c");
    await eventually(async () => expect(await one.held()).toEqual(["use:1"]));
    await other.remote.release("b");
    await eventually(async () => expect(await one.held()).toEqual([]));
  });
});

describe.each(["web", "lease"] as const)("%s locks", (kind) => {
  test("pass on the turn of a tab that crashed", async () => {
    const [one, other] = [open(kind), open(kind)];
    const run = one.run();
    await run.began;
    const next = other.run();
    await expectWaiting(kind, next);
    await crash(one, [other]);
    await next.began;
  });

  test("forget who waited in a tab that crashed", async () => {
    const [one, other, third] = [open(kind), open(kind), open(kind)];
    const run = one.run();
    await run.began;
    const waiting = other.run();
    await expectWaiting(kind, waiting);
    const next = third.run();
    other.crash();
    run.finish();
    await next.began;
    expect(waiting.hasBegun).toBe(false);
  });

  test("forget what a tab held that crashed", async () => {
    const [one, other] = [open(kind), open(kind)];
    await one.remote.hold("a", "use:1");
    expect(await other.held()).toEqual(["use:1"]);
    await crash(one, [other]);
    await eventually(async () => expect(await other.held()).toEqual([]));
  });

  test("take the turn from a tab that is overtaken, whose work goes on beside it", async () => {
    const frozen = open(kind).run();
    await frozen.began;
    const overtaking = open(kind).run();
    const behind = open(kind).run();
    await expectWaiting(kind, overtaking, behind);
    await overtaking.overtake();
    await overtaking.began;
    frozen.finish("late");
    expect(await frozen.ended).toBe("late");
    await expectWaiting(kind, behind);
    overtaking.finish("first");
    expect(await overtaking.ended).toBe("first");
    await behind.began;
  });
});
