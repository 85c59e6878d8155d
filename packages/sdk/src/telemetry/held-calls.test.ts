import { expect, test, vi } from "vitest";
import type { AnsweredCall } from "./answered-call.ts";
import type { TelemetryState } from "./consent.ts";
import { HeldCalls } from "./held-calls.ts";
import { servedFor } from "./served.fixture.ts";

/** A page whose user's choice is still to be read. */
function unread() {
  let state: TelemetryState = "unknown";
  let settle: (() => void) | undefined;
  const reading = new Promise<void>((resolve) => {
    settle = resolve;
  });
  return {
    get state() {
      return state;
    },
    get isHeld() {
      return state === "unknown";
    },
    read: () => reading,
    async becomes(known: TelemetryState): Promise<void> {
      state = known;
      settle?.();
      await reading;
      await Promise.resolve();
      await Promise.resolve();
    },
  };
}

const callWith = (data: Float32Array, id = "a"): AnsweredCall => ({
  id,
  at: 1,
  served: servedFor(0),
  inputs: undefined,
  outputs: { y: { type: "float32", data, dims: [data.length] } },
  timings: { queueMs: 0, runMs: 1, totalMs: 1 },
  options: {},
  cohort: "stable",
});

const taker = () => ({ wants: () => true, answered: vi.fn<(call: AnsweredCall) => void>() });

test("a call is held until the choice is read, with its outputs as they were", async () => {
  const [page, watcher, data] = [unread(), taker(), Float32Array.of(1)];
  new HeldCalls(page, [watcher]).answered(callWith(data));
  data[0] = 7;
  expect(watcher.answered).not.toHaveBeenCalled();
  await page.becomes("enabled");
  const [call] = watcher.answered.mock.calls[0] ?? [];
  expect(call?.outputs["y"]?.data).toEqual(Float32Array.of(1));
});

test("of many calls 64 are held, and none with large outputs", async () => {
  const [page, watcher] = [unread(), taker()];
  const calls = new HeldCalls(page, [watcher]);
  calls.answered(callWith(new Float32Array(2 ** 18 + 1), "large"));
  for (let i = 0; i < 100; i++) calls.answered(callWith(Float32Array.of(i), String(i)));
  await page.becomes("enabled");
  const ids = watcher.answered.mock.calls.map(([{ id }]) => id);
  expect(ids).toEqual(Array.from({ length: 64 }, (_, i) => String(i)));
});

test("what nobody would look at is not copied", () => {
  const clone = vi.spyOn(globalThis, "structuredClone");
  new HeldCalls(unread(), [{ ...taker(), wants: () => false }]).answered(
    callWith(Float32Array.of(1)),
  );
  expect(clone).not.toHaveBeenCalled();
  clone.mockRestore();
});

test("a choice against telemetry, and forgetting, leave nothing to tell", async () => {
  const [denied, erased, watcher] = [unread(), unread(), taker()];
  new HeldCalls(denied, [watcher]).answered(callWith(Float32Array.of(1)));
  const calls = new HeldCalls(erased, [watcher]);
  calls.answered(callWith(Float32Array.of(1)));
  calls.forget();
  await denied.becomes("disabled");
  await erased.becomes("enabled");
  expect(watcher.answered).not.toHaveBeenCalled();
});

test("a watcher that throws silences no other, neither at once nor later", async () => {
  const [page, watcher] = [unread(), taker()];
  const broken = {
    ...taker(),
    answered: () => {
      throw new Error("a fault of the watcher");
    },
  };
  const calls = new HeldCalls(page, [broken, watcher]);
  calls.answered(callWith(Float32Array.of(1)));
  await page.becomes("enabled");
  calls.answered(callWith(Float32Array.of(2)));
  expect(watcher.answered).toHaveBeenCalledTimes(2);
});
