import { describe, expect, test } from "vitest";
import { againWithin, RunTimes } from "./deadline.ts";

const WARM = { isFresh: false };

function after(...runs: [elements: number, milliseconds: number][]): RunTimes {
  const times = new RunTimes();
  for (const [elements, milliseconds] of runs) times.note(elements, milliseconds);
  return times;
}

describe("the deadline of a run", () => {
  test("is the cap while nothing is known", () => {
    expect(new RunTimes().deadlineMs(100, WARM)).toBe(60_000);
  });

  test("is ten times the longest run so far", () => {
    expect(after([100, 900], [100, 1_200], [100, 700]).deadlineMs(100, WARM)).toBe(12_000);
  });

  test("is not below the floor, nor above the cap", () => {
    expect(after([100, 3]).deadlineMs(100, WARM)).toBe(5_000);
    expect(after([100, 30_000]).deadlineMs(100, WARM)).toBe(60_000);
  });

  test("grows in proportion for larger inputs, and not for smaller ones", () => {
    const times = after([100, 1_000], [50, 600]);
    expect(times.deadlineMs(200, WARM)).toBe(20_000);
    expect(times.deadlineMs(10, WARM)).toBe(10_000);
  });

  test("is the cap for inputs that are much larger than any so far", () => {
    expect(after([100, 3]).deadlineMs(401, WARM)).toBe(60_000);
  });

  test("of a model that takes no elements is learned all the same", () => {
    expect(after([0, 1_000]).deadlineMs(0, WARM)).toBe(10_000);
  });

  test("leaves a fresh worker time to compile", () => {
    expect(after([100, 3]).deadlineMs(100, { isFresh: true })).toBe(15_000);
  });

  test("forgets what was slow long ago", () => {
    const times = after([100, 5_000]);
    for (let n = 0; n < 64; n++) times.note(100, 1_000);
    expect(times.deadlineMs(100, WARM)).toBe(10_000);
  });
});

test("opening again may take ten times as long as the last time, within bounds", () => {
  const bounds = { floorMs: 30_000, capMs: 120_000 };
  expect(againWithin(undefined, bounds)).toBe(120_000);
  expect(againWithin(500, bounds)).toBe(30_000);
  expect(againWithin(5_000, bounds)).toBe(50_000);
  expect(againWithin(50_000, bounds)).toBe(120_000);
});
