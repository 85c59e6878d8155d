import { expect, test } from "vitest";
import { histogramBars } from "./histogram-bars.ts";
import { placeDifference, placeInterval } from "./place-interval.ts";
import { placeSteps } from "./place-steps.ts";
import { sparklinePath } from "./sparkline-path.ts";

test("a difference's axis has zero in its middle and room for the whole interval", () => {
  const placed = placeDifference({ value: 2, low: -1, high: 5 });
  expect(placed.from).toBe(-6);
  expect(placed.to).toBe(6);
  expect(placed.high).toBeCloseTo((100 * 11) / 12);
  expect(placed.low).toBeLessThan(50);
  expect(placed.value).toBeGreaterThan(50);
});

test("no difference at all is drawn in the middle", () => {
  expect(placeDifference({ value: 0, low: 0, high: 0 })).toMatchObject({
    value: 50,
    low: 50,
    high: 50,
  });
});

test("what lies outside an axis is drawn at its end", () => {
  expect(placeInterval({ value: 0.5, low: -1, high: 9 }, 0, 1)).toMatchObject({
    low: 0,
    value: 50,
    high: 100,
  });
});

test("both histograms share one scale", () => {
  const { most, bars } = histogramBars([
    { label: "a", baseline: 0.2, observed: 0.4 },
    { label: "b", baseline: 0.1, observed: 0 },
  ]);
  expect(most).toBe(0.4);
  expect(bars).toEqual([
    { label: "a", baseline: 50, observed: 100 },
    { label: "b", baseline: 25, observed: 0 },
  ]);
});

test("a timeline ends where its last step ends, and parents come before what they hold", () => {
  const { startMs, totalMs, steps } = placeSteps([
    { name: "run", at: 110, durationMs: 40 },
    { name: "answered", at: 200, durationMs: null },
    { name: "inner", at: 100, durationMs: 10 },
    { name: "outer", at: 100, durationMs: 100 },
  ]);
  expect([startMs, totalMs]).toEqual([100, 100]);
  expect(steps.map(({ step }) => step.name)).toEqual(["outer", "inner", "run", "answered"]);
  expect(steps[2]).toMatchObject({ left: 10, width: 40, afterMs: 10 });
  expect(steps[3]).toMatchObject({ left: 100, width: 0 });
});

test("a moment that is known by its millisecond is not before the first step of that millisecond", () => {
  const predict = { at: 100.44, durationMs: 1.2 };
  const { startMs, totalMs, steps } = placeSteps([{ at: 100, durationMs: null }, predict]);
  expect(startMs).toBe(100.44);
  expect(totalMs).toBeCloseTo(1.2);
  expect(steps.map(({ step, left, afterMs }) => [step.at, left, afterMs])).toEqual([
    [100.44, 0, 0],
    [100, 0, 0],
  ]);
  expect(placeSteps([{ at: 99, durationMs: null }, predict]).startMs).toBe(99);
});

test("a timeline of nothing, or of an instant, has no length", () => {
  expect(placeSteps([])).toEqual({ startMs: 0, totalMs: 0, steps: [] });
  expect(placeSteps([{ at: 5, durationMs: null }]).steps).toMatchObject([{ left: 0, width: 0 }]);
});

test("a sparkline reaches from the bottom for nothing to near the top for the most", () => {
  expect(sparklinePath([0, 10, 5], 100, 24)).toBe("M0 23L50 1L100 12");
  expect(sparklinePath([0, 0], 100, 24)).toBe("M0 23L100 23");
});
