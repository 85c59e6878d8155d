import { beforeEach, describe, expect, test } from "vitest";
import { Restarts } from "./restarts.ts";

let now: number;
let restarts: Restarts;

beforeEach(() => {
  now = 1_000;
  restarts = new Restarts(() => now);
});

/** Fails a number of times, and gives up. */
function fail(times: number): boolean {
  for (let n = 0; n < times; n++) restarts.failed();
  return restarts.gaveUp();
}

describe("a pause", () => {
  test("begins after more than five failures in ten minutes", () => {
    expect([fail(2), fail(2), restarts.pauseMs]).toEqual([false, false, 0]);
    expect([fail(2), restarts.pauseMs]).toEqual([true, 1_000]);
  });

  test("does not begin where failures are far apart", () => {
    for (let n = 0; n < 10; n++) {
      now += 301_000;
      expect(fail(2)).toBe(false);
    }
  });

  test("begins where each failure takes a minute, as those of engines that hang do", () => {
    const begun = Array.from({ length: 6 }, () => {
      now += 60_000;
      return fail(1);
    });
    expect(begun).toEqual([false, false, false, false, false, true]);
  });

  test("ends where something that was proven takes over", () => {
    fail(6);
    restarts.forgive();
    expect([restarts.pauseMs, fail(5)]).toEqual([0, false]);
  });

  test("passes, and doubles with the first failure after it, up to five minutes", () => {
    fail(6);
    const pauses: number[] = [];
    for (let n = 0; n < 10; n++) {
      pauses.push(restarts.pauseMs);
      now += restarts.pauseMs;
      expect(restarts.pauseMs).toBe(0);
      expect(fail(1)).toBe(true);
    }
    expect(pauses.slice(0, 4)).toEqual([1_000, 2_000, 4_000, 8_000]);
    expect(pauses.at(-1)).toBe(300_000);
  });

  test("is forgotten with an answer", () => {
    fail(6);
    now += 1_000;
    restarts.answered();
    expect([fail(5), restarts.pauseMs]).toEqual([false, 0]);
  });
});

test("what serves is steady from its first answer on, until it fails or another serves", () => {
  expect(restarts.steadyMs).toBe(0);
  restarts.answered();
  now += 500;
  restarts.answered();
  expect(restarts.steadyMs).toBe(500);
  for (const end of [() => restarts.failed(), () => restarts.changed()]) {
    end();
    now += 500;
    expect(restarts.steadyMs).toBe(0);
    restarts.answered();
    now += 200;
    expect(restarts.steadyMs).toBe(200);
  }
});

describe("what serves is unsteady", () => {
  test("where it fails four times in five minutes, though it answers in between", () => {
    for (const isUnsteady of [false, false, false, true]) {
      restarts.failed();
      restarts.answered();
      expect(restarts.isUnsteady).toBe(isUnsteady);
      now += 60_000;
    }
  });

  test("no longer once that is long ago, nor where something else serves", () => {
    for (let n = 0; n < 4; n++) restarts.failed();
    now += 300_001;
    expect(restarts.isUnsteady).toBe(false);
    for (let n = 0; n < 4; n++) restarts.failed();
    restarts.changed();
    expect(restarts.isUnsteady).toBe(false);
  });
});
