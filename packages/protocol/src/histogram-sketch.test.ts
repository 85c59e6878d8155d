import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  type ExponentialHistogram,
  emptyHistogram,
  MAX_SCALE,
  mergeHistograms,
  quantile,
  recordValue,
} from "./exponential-histogram.ts";
import { HistogramSketch } from "./histogram-sketch.ts";

const magnitude = fc.oneof(
  fc.double({ min: -300, max: 300, noNaN: true }).map((power) => 10 ** power),
  fc.double({ min: 1e-3, max: 1e4, noNaN: true }),
  fc.constant(0),
);
const value = fc
  .tuple(magnitude, fc.boolean())
  .map(([size, negative]) => (negative ? -size : size));
const hostile = fc.constantFrom(Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY);
const values = fc.array(fc.oneof({ arbitrary: value, weight: 20 }, hostile), { maxLength: 200 });
const scales = fc.integer({ min: -5, max: MAX_SCALE });

function sketched(list: readonly number[], scale?: number): ExponentialHistogram {
  const sketch = new HistogramSketch(scale);
  for (const one of list) sketch.record(one);
  return sketch.snapshot();
}

/** Sums depend on the order of additions in their last bits; nothing else may. */
function exact({ sum: _, ...rest }: ExponentialHistogram): object {
  return rest;
}

test("recording in place comes to what recording anew for each value comes to", () => {
  fc.assert(
    fc.property(values, scales, (list, scale) => {
      expect(sketched(list, scale)).toEqual(list.reduce(recordValue, emptyHistogram(scale)));
    }),
    { numRuns: 500 },
  );
});

test("merging the sketches of many devices is recording everything in one pass, negatives included", () => {
  fc.assert(
    fc.property(fc.array(values, { maxLength: 8 }), scales, (devices, scale) => {
      const merged = devices
        .map((list) => sketched(list, scale))
        .reduce(mergeHistograms, emptyHistogram(scale));
      expect(exact(merged)).toEqual(exact(sketched(devices.flat(), scale)));
    }),
  );
});

test("a snapshot stays as it was, whatever is recorded after it", () => {
  const sketch = new HistogramSketch(3);
  for (const one of [1, -2, 0, 3]) sketch.record(one);
  const before = sketch.snapshot();
  const copy = structuredClone(before);
  for (const one of [1, 1e9, -1e9, 1e-9]) sketch.record(one);
  expect(before).toEqual(copy);
  expect(sketch.snapshot().count).toBe(8);
});

describe("quantiles at scale 3 are within 4.4% of those of the sorted values", () => {
  /** Within the 20 octaves that 160 buckets hold at this scale. */
  const everyday = fc.double({ min: -3, max: 3, noNaN: true }).map((power) => 10 ** power);
  const list = (sign: fc.Arbitrary<number>) =>
    fc.array(
      fc.tuple(everyday, sign).map(([size, factor]) => size * factor),
      { minLength: 1, maxLength: 1000 },
    );

  test.each([
    ["above zero", fc.constant(1)],
    ["below zero", fc.constant(-1)],
    ["of both signs, and zero", fc.constantFrom(-1, 0, 1)],
  ])("%s", (_, sign) => {
    fc.assert(
      fc.property(list(sign), fc.double({ min: 0, max: 1, noNaN: true }), (recorded, q) => {
        const histogram = sketched(recorded, 3);
        expect(histogram.scale).toBe(3);
        const sorted = [...recorded].sort((a, b) => a - b);
        const truth = sorted[Math.max(1, Math.ceil(q * sorted.length)) - 1] ?? Number.NaN;
        const estimate = quantile(histogram, q) ?? Number.NaN;
        expect(Math.abs(estimate - truth)).toBeLessThanOrEqual(Math.abs(truth) * 0.044);
      }),
      { numRuns: 300 },
    );
  });
});
