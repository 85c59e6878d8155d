import { expect, test } from "vitest";
import { memoryBudgetOf } from "./memory-budget.ts";

const MIB = 2 ** 20;

test.each([
  ["a laptop", { deviceMemory: 8, hardwareConcurrency: 8 }, 1024, 4],
  ["a workstation", { deviceMemory: 32, hardwareConcurrency: 64 }, 2048, 4],
  ["a phone", { deviceMemory: 2, hardwareConcurrency: 4 }, 256, 3],
  ["a small phone", { deviceMemory: 0.5, hardwareConcurrency: 2 }, 128, 2],
  ["a browser that does not tell", {}, 512, 2],
])("%s has an eighth of its memory, and a worker less than cores", (_, device, mib, engines) => {
  expect(memoryBudgetOf({}, device)).toEqual({
    budgetBytes: mib * MIB,
    engines,
    recycleAfterRuns: Number.POSITIVE_INFINITY,
  });
});

test("a webview has one worker, and a quarter of that", () => {
  const device = { deviceMemory: 8, hardwareConcurrency: 8 };
  expect(memoryBudgetOf({ profile: "webview" }, device)).toMatchObject({
    budgetBytes: 256 * MIB,
    engines: 1,
  });
});

test("what an app asks for holds, whatever the device", () => {
  const policy = { budgetBytes: 1, engines: 9, recycleAfterRuns: 7, profile: "webview" } as const;
  const { profile: _, ...asked } = policy;
  expect(memoryBudgetOf(policy, { deviceMemory: 8 })).toEqual(asked);
});
