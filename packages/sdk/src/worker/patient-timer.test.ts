import { expect, test, vi } from "vitest";
import { patientTimer, type TimerClock } from "./patient-timer.ts";

/** A clock that a test moves on; timers fire when it says so, however late that is. */
function handClock() {
  let time = 0;
  let due: (() => void) | undefined;
  const delays: number[] = [];
  const clock: TimerClock = {
    now: () => time,
    set(run, milliseconds) {
      due = run;
      delays.push(milliseconds);
      return 0 as unknown as ReturnType<typeof setTimeout>;
    },
    clear: () => {
      due = undefined;
    },
  };
  const fireAfter = (milliseconds: number) => {
    time += milliseconds;
    due?.();
  };
  return { clock, delays, fireAfter };
}

test("it calls back once the time has passed", () => {
  const { clock, fireAfter } = handClock();
  const onDue = vi.fn();
  patientTimer(5_000, onDue, clock);
  fireAfter(5_100);
  expect(onDue).toHaveBeenCalledOnce();
});

test("a page that was frozen gives the whole time again", () => {
  const { clock, delays, fireAfter } = handClock();
  const onDue = vi.fn();
  patientTimer(5_000, onDue, clock);
  fireAfter(3_600_000);
  expect(onDue).not.toHaveBeenCalled();
  expect(delays).toEqual([5_000, 5_000]);
  fireAfter(5_000);
  expect(onDue).toHaveBeenCalledOnce();
});

test("a page whose timers are always late does not wait for ever", () => {
  const { clock, fireAfter } = handClock();
  const onDue = vi.fn();
  patientTimer(5_000, onDue, clock);
  for (const _ of [1, 2, 3]) fireAfter(60_000);
  expect(onDue).not.toHaveBeenCalled();
  fireAfter(60_000);
  expect(onDue).toHaveBeenCalledOnce();
});

test("it can be ended, and for ever is never set", () => {
  const { clock, delays, fireAfter } = handClock();
  const onDue = vi.fn();
  patientTimer(5_000, onDue, clock)();
  patientTimer(Number.POSITIVE_INFINITY, onDue, clock);
  fireAfter(5_000);
  expect(onDue).not.toHaveBeenCalled();
  expect(delays).toEqual([5_000]);
});
