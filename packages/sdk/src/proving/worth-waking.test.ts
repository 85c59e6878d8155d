import { expect, test } from "vitest";
import { isWorthWaking, timesText } from "./worth-waking.ts";

test("an image that is clearly faster than loading is kept; slow moments do not turn it round", () => {
  expect(isWorthWaking({ woken: [180, 900, 175], loaded: [410, 400, 395] })).toBe(true);
  expect(isWorthWaking({ woken: [824, 900, 175], loaded: [823, 400, 830] })).toBe(true);
});

test("one that is as fast, slower, or a little faster is not", () => {
  for (const woken of [400, 700, 340])
    expect(isWorthWaking({ woken: [woken], loaded: [400] })).toBe(false);
});

test("nothing measured is nothing gained", () => {
  expect(isWorthWaking({ woken: [], loaded: [] })).toBe(false);
});

test("what was measured can be told", () => {
  const times = { woken: [180.4, 900, 175], loaded: [410, 400, 395] };
  expect(timesText(times)).toBe("waking takes 175 ms, loading 395 ms");
});
