import { expect, test } from "vitest";
import { comparePhases } from "./compare-phases.ts";

test("phases come as they happen, unknown ones after them, the total last", () => {
  const phases = ["total", "wake", "create", "compile", "attach", "resolve", "fetch"];
  expect(phases.sort(comparePhases)).toEqual([
    "resolve",
    "fetch",
    "compile",
    "create",
    "attach",
    "wake",
    "total",
  ]);
});
