import { expect, test } from "vitest";
import { createByteBudget } from "./byte-budget.ts";

test("holds so many bytes of all requests together, and no more", () => {
  const budget = createByteBudget(10);
  const [first, second] = [budget.open(), budget.open()];
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
