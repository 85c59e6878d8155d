import { expect, test } from "vitest";
import { createTokenBuckets } from "./token-buckets.ts";

function bucketsAt(rate: { perSecond: number; burst: number }) {
  const clock = { ms: 0 };
  return { clock, take: createTokenBuckets(rate, () => clock.ms) };
}

test("lets a burst through, then says how long until the next", () => {
  const { clock, take } = bucketsAt({ perSecond: 2, burst: 3 });
  expect([take("a"), take("a"), take("a"), take("a")]).toEqual([0, 0, 0, 0.5]);
  clock.ms = 400;
  expect(take("a")).toBeCloseTo(0.1);
  clock.ms = 500;
  expect([take("a"), take("a")]).toEqual([0, 0.5]);
});

test("fills up to the burst and no further", () => {
  const { clock, take } = bucketsAt({ perSecond: 10, burst: 2 });
  take("a");
  clock.ms = 60_000;
  expect([take("a"), take("a"), take("a")]).toEqual([0, 0, 0.1]);
});

test("whoever is turned away does not have to wait for longer for having asked", () => {
  const { clock, take } = bucketsAt({ perSecond: 1, burst: 1 });
  take("a");
  for (let asked = 0; asked < 100; asked++) take("a");
  clock.ms = 1000;
  expect(take("a")).toBe(0);
});

test("keeps keys apart", () => {
  const { take } = bucketsAt({ perSecond: 1, burst: 1 });
  expect([take("a"), take("b"), take("a")]).toEqual([0, 0, 1]);
});

test("forgets who came longest ago once there are too many, and nobody else", () => {
  const { take } = bucketsAt({ perSecond: 1, burst: 1 });
  take("first");
  take("second");
  for (let key = 0; key < 49_999; key++) take(`key ${key}`);
  expect(take("second")).toBe(1);
  expect(take("first")).toBe(0);
});
