import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { keepMaintained } from "./keep-maintained.ts";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

test("has a store rolled up at once and every minute, with the time that it is then", async () => {
  const times: number[] = [];
  const { stop } = keepMaintained({ maintain: async (nowMs) => void times.push(nowMs) });
  const startedAt = Date.now();
  await vi.advanceTimersByTimeAsync(120_000);
  expect(times).toEqual([startedAt, startedAt + 60_000, startedAt + 120_000]);
  stop();
  await vi.advanceTimersByTimeAsync(120_000);
  expect(times).toHaveLength(3);
});

test("waits for one that takes long, and goes on after one that failed", async () => {
  const ends: (() => void)[] = [];
  const errors: unknown[] = [];
  const { stop } = keepMaintained(
    { maintain: () => new Promise((_, reject) => ends.push(() => reject(new Error("full disk")))) },
    { onError: (error) => errors.push(error) },
  );
  await vi.advanceTimersByTimeAsync(300_000);
  expect(ends).toHaveLength(1);
  ends[0]?.();
  await vi.advanceTimersByTimeAsync(60_000);
  expect(ends).toHaveLength(2);
  expect(errors).toMatchObject([{ message: "full disk" }]);
  stop();
  ends[1]?.();
  await vi.advanceTimersByTimeAsync(60_000);
  expect(errors).toHaveLength(1);
});
