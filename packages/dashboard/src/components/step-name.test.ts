import { expect, test } from "vitest";
import { stepName } from "./step-name.ts";

test.each([
  [15_000, "15 seconds"],
  [60_000, "minute"],
  [300_000, "5 minutes"],
  [5_400_000, "1.5 hours"],
  [86_400_000, "day"],
  [500, "500 ms"],
])("a step of %d ms is per %s", (stepMs, name) => {
  expect(stepName(stepMs)).toBe(name);
});
