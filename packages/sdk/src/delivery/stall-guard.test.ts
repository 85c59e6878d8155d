import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { patienceMs, StallGuard } from "./stall-guard.ts";

const STALL_MS = 30_000;

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
});

const guarded = (caller = new AbortController().signal) => new StallGuard(caller, STALL_MS);
const after = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms, "came"));

test("what does not come in time ends with an error that says so, and whoever sends it is told", async () => {
  const guard = guarded();
  const failed = expect(guard.wait(new Promise(() => undefined))).rejects.toThrow(
    "nothing came for 30 s",
  );
  await vi.advanceTimersByTimeAsync(STALL_MS);
  await failed;
  expect(guard.signal.aborted).toBe(true);
});

test("what keeps moving may take as long as it takes", async () => {
  const guard = guarded();
  for (let i = 0; i < 5; i++) {
    const next = guard.wait(after(STALL_MS - 1000));
    await vi.advanceTimersByTimeAsync(STALL_MS - 1000);
    expect(await next).toBe("came");
  }
  guard.end();
  expect(vi.getTimerCount()).toBe(0);
});

test("only waiting counts: what someone does between two reads may take long", async () => {
  const guard = guarded();
  await guard.wait(Promise.resolve());
  await vi.advanceTimersByTimeAsync(10 * STALL_MS);
  expect(await guard.wait(Promise.resolve("came"))).toBe("came");
});

test("what the caller gives up is given up at once, for the caller's reason", async () => {
  const caller = new AbortController();
  const guard = guarded(caller.signal);
  const waiting = expect(guard.wait(new Promise(() => undefined))).rejects.toBe("enough");
  caller.abort("enough");
  await waiting;
  expect(guard.signal.reason).toBe("enough");
  expect(vi.getTimerCount()).toBe(0);
});

test("what the caller has given up before is not waited for", async () => {
  await expect(guarded(AbortSignal.abort("late")).wait(after(1))).rejects.toBe("late");
});

test.each([
  [undefined, 30_000],
  [5, 10_000],
  [500, 20_000],
  [5_000, 30_000],
])("a host that took %s ms to answer may be silent for %d ms", (roundTripMs, ms) => {
  expect(patienceMs(STALL_MS, roundTripMs)).toBe(ms);
});
