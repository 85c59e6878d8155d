import fc from "fast-check";
import { expect, test } from "vitest";
import { InFlight } from "./in-flight.ts";

const { signal } = new AbortController();

/** Whether a promise has settled by the time that everything under way has been done. */
async function isSettled(promise: Promise<unknown>): Promise<boolean> {
  let settled = false;
  promise.then(
    () => {
      settled = true;
    },
    () => {
      settled = true;
    },
  );
  await new Promise((resolve) => setTimeout(resolve));
  return settled;
}

test("whoever finds no room waits until enough is given back, in the order of asking", async () => {
  const inFlight = new InFlight(10);
  await inFlight.take(6, signal);
  const large = inFlight.take(8, signal);
  const small = inFlight.take(2, signal);
  expect([await isSettled(large), await isSettled(small)]).toEqual([false, false]);
  expect(inFlight.isWaitedFor).toBe(true);
  inFlight.give(6);
  await Promise.all([large, small]);
  expect([inFlight.isWaitedFor, inFlight.peak]).toEqual([false, 10]);
});

test("what is larger than all room has its turn alone", async () => {
  const inFlight = new InFlight(10);
  await inFlight.take(3, signal);
  const huge = inFlight.take(50, signal);
  expect(await isSettled(huge)).toBe(false);
  inFlight.give(3);
  await huge;
  expect(inFlight.hasRoom(1)).toBe(false);
});

test("an abort takes a waiting one out of the way of the others", async () => {
  const inFlight = new InFlight(10);
  const controller = new AbortController();
  await inFlight.take(6, signal);
  const large = inFlight.take(8, controller.signal);
  const small = inFlight.take(2, signal);
  controller.abort("enough");
  await expect(large).rejects.toBe("enough");
  await small;
  await expect(inFlight.take(1, controller.signal)).rejects.toBe("enough");
});

test("however it is taken and given, never more is held than there is room for, and no one waits for ever", async () => {
  const sizes = fc.array(fc.integer({ min: 0, max: 10 }), { minLength: 1, maxLength: 40 });
  await fc.assert(
    fc.asyncProperty(sizes, async (wanted) => {
      const inFlight = new InFlight(10);
      await Promise.all(
        wanted.map(async (bytes) => {
          await inFlight.take(bytes, signal);
          await Promise.resolve();
          inFlight.give(bytes);
        }),
      );
      expect(inFlight.peak).toBeLessThanOrEqual(10);
    }),
  );
});
