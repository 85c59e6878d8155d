import { describe, expect, test } from "vitest";
import { type EngineLoad, endingsOf, leastLoaded, REST_MS } from "./engine-load.ts";
import type { MemoryBudget } from "./memory-budget.ts";

const MIB = 2 ** 20;
const NOW = 100_000;

const budget = (own: Partial<MemoryBudget> = {}): MemoryBudget => ({
  budgetBytes: 300 * MIB,
  engines: 4,
  recycleAfterRuns: Number.POSITIVE_INFINITY,
  ...own,
});

interface Named extends EngineLoad {
  readonly name: string;
}

/** A worker of 100 MiB with one model, last used some seconds ago. */
const load = (name: string, secondsAgo: number, own: Partial<EngineLoad> = {}): Named => ({
  name,
  bytes: 100 * MIB,
  openedBytes: own.bytes ?? 100 * MIB,
  heldBytes: 80 * MIB,
  peakHeldBytes: 80 * MIB,
  sessions: 1,
  runs: 1,
  isShared: true,
  wake: "none",
  isOnTrial: false,
  isBusy: false,
  usedAt: NOW - secondsAgo * 1000,
  ...own,
});

const endings = (loads: readonly Named[], own: Partial<MemoryBudget> = {}) =>
  Object.fromEntries([...endingsOf(loads, budget(own), NOW)].map(([{ name }, how]) => [name, how]));

describe("over the budget", () => {
  test("what is only tried neither ends nor makes another end", () => {
    const trial = load("trial", 50, { isOnTrial: true, isShared: false });
    const busy = load("busy trial", 0, { isOnTrial: true, isShared: false, isBusy: true });
    const budgetBytes = 150 * MIB;
    expect(endings([trial, busy, load("serving", 5)], { budgetBytes })).toEqual({});
  });

  test("those used longest ago are suspended, and no more than it takes", () => {
    const loads = [load("new", 3), load("oldest", 50), load("old", 40), load("older", 45)];
    expect(endings(loads)).toEqual({ oldest: "suspended" });
    expect(endings(loads, { budgetBytes: 200 * MIB })).toEqual({
      oldest: "suspended",
      older: "suspended",
    });
  });

  test("nothing is suspended where all fit", () => {
    expect(endings([load("a", 50), load("b", 40), load("c", 3)])).toEqual({});
  });

  test("what is in use stays, however long ago it was used, and whatever it holds", () => {
    const loads = [load("busy", 90, { isBusy: true, bytes: 900 * MIB }), load("idle", 3)];
    expect(endings(loads)).toEqual({ idle: "suspended" });
    expect(endings(loads.slice(0, 1))).toEqual({});
  });

  test("a model that alone is over it runs", () => {
    expect(endings([load("huge", 50, { bytes: 900 * MIB, openedBytes: 900 * MIB })])).toEqual({});
  });

  test("a worker that many models share ends all the same: only those that are used come back", () => {
    const own = { bytes: 900 * MIB, openedBytes: 900 * MIB, sessions: 12 };
    expect(endings([load("shared", 50, own)])).toEqual({ shared: "suspended" });
  });

  test("what was used a moment ago stays, so that models used in turn are not opened for each call", () => {
    const [a, b] = [load("a", 0.5, { bytes: 200 * MIB }), load("b", 1, { bytes: 200 * MIB })];
    expect(endings([a, b])).toEqual({});
    expect([...endingsOf([a, b], budget(), NOW + REST_MS)].map(([{ name }]) => name)).toEqual([
      "b",
    ]);
  });

  test("what holds nothing is left alone: ending it gains nothing", () => {
    const loads = [load("empty", 90, { bytes: 0 }), load("big", 3, { bytes: 400 * MIB })];
    expect(endings(loads)).toEqual({});
  });
});

describe("more workers than models may have", () => {
  test("lose those used longest ago, so that their models share those that stay", () => {
    const loads = [load("a", 50), load("b", 40), load("c", 30)];
    expect(endings(loads, { engines: 2 })).toEqual({ a: "suspended" });
  });

  test("are so with those that were woken, which stay; the last that can be shared stays too", () => {
    const woken = { isShared: false, wake: "run" } as const;
    const loads = [load("woken", 60, woken), load("a", 50), load("b", 40)];
    expect(endings(loads, { engines: 2 })).toEqual({ a: "suspended" });
    expect(endings(loads, { engines: 1 })).toEqual({ a: "suspended" });
  });

  test("do not count those that nothing else may use", () => {
    const loads = [load("gpu", 50, { isShared: false }), load("b", 40), load("c", 30)];
    expect(endings(loads, { engines: 2 })).toEqual({});
  });
});

describe("a worker is recycled", () => {
  test.each([
    ["that has grown to twice what opening took", { bytes: 300 * MIB, openedBytes: 140 * MIB }],
    ["of which less than half is left", { heldBytes: 30 * MIB, peakHeldBytes: 80 * MIB }],
    ["that has answered as many calls as the app allows", { runs: 1000 }],
  ])("%s", (_, own) => {
    expect(
      endings([load("worn", 3, own)], { recycleAfterRuns: 1000, budgetBytes: 400 * MIB }),
    ).toEqual({ worn: "recycled" });
  });

  test.each([
    ["a small one, however much of it is left", { bytes: 40 * MIB, heldBytes: 1, runs: 5 }],
    ["one that grew by less", { bytes: 270 * MIB, openedBytes: 140 * MIB }],
    ["one that is in use", { runs: 1000, isBusy: true }],
    ["one that was used a moment ago", { runs: 1000, usedAt: NOW }],
    ["one of which less than half is left, while that is in use", { heldBytes: 1, isBusy: true }],
  ])("but not %s", (_, own) => {
    expect(endings([load("fine", 3, own)], { recycleAfterRuns: 1000 })).toEqual({});
  });

  test.each([
    ["calls", { runs: 1500 }],
    ["growth", { bytes: 400 * MIB, openedBytes: 130 * MIB }],
  ])("even one that is never at rest, far past what it may take of %s", (_, own) => {
    const load1 = load("worn", 0, { isBusy: true, ...own });
    const limits = { recycleAfterRuns: 1000, budgetBytes: 600 * MIB };
    expect(endings([load1], limits)).toEqual({ worn: "recycled" });
  });

  test("against a share of a small budget, where that is less than what growth is measured by", () => {
    const grown = load("grown", 3, { bytes: 110 * MIB, openedBytes: 50 * MIB });
    expect(endings([grown], { budgetBytes: 200 * MIB })).toEqual({ grown: "recycled" });
    expect(endings([grown])).toEqual({});
  });
});

test("a session is opened in an idle worker first, then in the one with fewest models", () => {
  const busy = load("busy", 3, { isBusy: true });
  const full = load("full", 3, { sessions: 5 });
  const small = load("small", 3, { bytes: 10 * MIB });
  expect(leastLoaded([busy, full, small, load("large", 3)])).toBe(small);
  expect(leastLoaded([busy, full])).toBe(full);
  expect(leastLoaded([])).toBeUndefined();
});
