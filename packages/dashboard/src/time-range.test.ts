import { expect, test } from "vitest";
import { DAY_RANGES, TIME_RANGES, windowAt } from "./time-range.ts";

const NOW = Date.UTC(2025, 10, 21, 12, 3, 4);

test.each([...TIME_RANGES, ...DAY_RANGES])(
  "the window of $label is whole steps and holds now",
  (range) => {
    const { from, to, stepMs } = windowAt(range, NOW);
    expect(to - from).toBe(range.durationMs);
    expect(from % stepMs).toBe(0);
    expect((to - from) % stepMs).toBe(0);
    expect(to).toBeGreaterThan(NOW);
    expect(to - NOW).toBeLessThanOrEqual(stepMs);
  },
);

test.each([...TIME_RANGES, ...DAY_RANGES])(
  "$label has 60 to 84 steps",
  ({ durationMs, stepMs }) => {
    expect(durationMs / stepMs).toBeGreaterThanOrEqual(60);
    expect(durationMs / stepMs).toBeLessThanOrEqual(84);
  },
);

test("a moment on a boundary belongs to the step it begins", () => {
  const [range] = TIME_RANGES;
  if (range === undefined) throw new Error("there are ranges");
  const boundary = Math.floor(NOW / range.stepMs) * range.stepMs;
  expect(windowAt(range, boundary).to).toBe(boundary + range.stepMs);
});
