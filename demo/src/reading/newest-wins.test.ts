import { expect, test } from "vitest";
import { newestWins } from "./newest-wins.ts";

test("a task that is left alone is the newest", async () => {
  const run = newestWins();
  expect(await run(async () => undefined)).toBe(true);
});

test("a second task aborts the first, whatever becomes of it", async () => {
  const run = newestWins();
  let fail: (error: Error) => void = () => undefined;
  const signals: AbortSignal[] = [];
  const first = run((signal) => {
    signals.push(signal);
    return new Promise((_, reject) => {
      fail = reject;
    });
  });
  const second = run(async (signal) => {
    signals.push(signal);
  });
  fail(new Error("cut off"));
  expect(await first).toBe(false);
  expect(await second).toBe(true);
  expect(signals.map((signal) => signal.aborted)).toEqual([true, false]);
});

test("an error of the newest is its caller's", async () => {
  const run = newestWins();
  await expect(run(() => Promise.reject(new Error("broken")))).rejects.toThrow("broken");
});
