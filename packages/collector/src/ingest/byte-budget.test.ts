import { expect, test } from "vitest";
import { createByteBudget } from "./byte-budget.ts";

test("holds so many bytes of all requests together, and no more", () => {
  const budget = createByteBudget(10);
  const [first, second] = [budget.open(), budget.open()];
  for (const one of [first, second]) one.arrived();
  expect([first.take(6), second.take(4), second.take(1)]).toEqual([true, true, false]);
  first.release();
  expect([second.take(6), first.take(1)]).toEqual([true, false]);
});

test("what was turned away is not held, and what was released is released once", () => {
  const budget = createByteBudget(10);
  const [first, second] = [budget.open(), budget.open()];
  expect([first.take(11), second.take(10)]).toEqual([false, true]);
  first.release();
  second.release();
  second.release();
  expect([first.take(10), second.take(1)]).toEqual([true, false]);
});

test("what has been arriving for longest gives up its bytes for what came after it, and takes no more", () => {
  const budget = createByteBudget(10);
  const [slow, slower, late] = [budget.open(), budget.open(), budget.open()];
  const givenUp: string[] = [];
  slow.whenGivenUp(() => givenUp.push("slow"));
  slower.whenGivenUp(() => givenUp.push("slower"));
  expect([slow.take(4), slower.take(6), slow.take(1)]).toEqual([true, true, false]);
  expect([late.take(3), givenUp]).toEqual([true, ["slow"]]);
  expect([slow.take(1), late.take(7), givenUp]).toEqual([false, true, ["slow", "slower"]]);
  late.release();
  expect(budget.open().take(10)).toBe(true);
});

test("nobody gives anything up where that would not be enough", () => {
  const budget = createByteBudget(10);
  const [arrived, slow, late] = [budget.open(), budget.open(), budget.open()];
  arrived.take(5);
  arrived.arrived();
  slow.take(3);
  expect([late.take(6), late.take(11), late.take(2), slow.take(0)]).toEqual([
    ...[false, false, true, true],
  ]);
});
