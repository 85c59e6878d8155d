import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Link } from "./link.mjs";

beforeEach(() => vi.useFakeTimers({ toFake: ["setInterval", "clearInterval", "performance"] }));
afterEach(() => vi.useRealTimers());

/** Sends slices one after the other, and notes when each has gone through. */
async function send(link, slices, bytes) {
  const times = [];
  for (let i = 0; i < slices; i++) {
    await link.pass(bytes);
    times.push(performance.now());
  }
  return times;
}

test("one sender gets the whole link, and no more than it", async () => {
  const link = new Link(8_000_000);
  const sent = send(link, 100, 4000);
  await vi.advanceTimersByTimeAsync(500);
  const times = await sent;
  expect(times.at(-1)).toBeGreaterThanOrEqual(400);
  expect(times.at(-1)).toBeLessThan(410);
});

test("senders at the same time get equal shares", async () => {
  const link = new Link(8_000_000);
  const sent = Promise.all([send(link, 50, 4000), send(link, 50, 4000)]);
  await vi.advanceTimersByTimeAsync(500);
  const [one, other] = (await sent).map((times) => times.at(-1));
  expect(Math.abs(one - other)).toBeLessThan(10);
  expect(Math.max(one, other)).toBeGreaterThanOrEqual(400);
});

test("time in which nobody sends is not saved up", async () => {
  const link = new Link(8_000_000);
  const first = send(link, 1, 4000);
  await vi.advanceTimersByTimeAsync(1000);
  await first;
  const second = send(link, 10, 4000);
  await vi.advanceTimersByTimeAsync(100);
  expect((await second).at(-1)).toBeGreaterThanOrEqual(1040);
});

test("a link without a limit holds nothing up", async () => {
  const link = new Link(Number.POSITIVE_INFINITY);
  expect(await send(link, 3, 1e9)).toEqual([0, 0, 0].map(() => performance.now()));
});
