import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  type Buckets,
  bucketIndex,
  type ExponentialHistogram,
  emptyHistogram,
  MAX_BUCKETS,
  MAX_SCALE,
  mergeHistograms,
  quantile,
  recordValue,
} from "./exponential-histogram.ts";

const magnitude = fc.double({ min: -300, max: 300, noNaN: true }).map((power) => 10 ** power);
const everyday = fc.double({ min: 1e-3, max: 1e4, noNaN: true });
const value = fc
  .tuple(fc.oneof(magnitude, everyday, fc.constant(0)), fc.boolean())
  .map(([size, negative]) => (negative ? -size : size));
const values = fc.array(value, { maxLength: 60 });
const scales = fc.integer({ min: -5, max: MAX_SCALE });

function histogramOf(list: readonly number[], scale?: number): ExponentialHistogram {
  return list.reduce(recordValue, emptyHistogram(scale));
}

function total({ counts }: Buckets): number {
  return counts.reduce((sum, count) => sum + count, 0);
}

/** Sums depend on the order of additions in their last bits; nothing else may. */
function exact({ sum: _, ...rest }: ExponentialHistogram): object {
  return rest;
}

describe("buckets", () => {
  const bound = (index: number, scale: number) => 2 ** (index * 2 ** -scale);
  const holds = (v: number, scale: number) => {
    const index = bucketIndex(v, scale);
    expect(bound(index, scale)).toBeLessThan(v);
    expect(bound(index + 1, scale)).toBeGreaterThanOrEqual(v);
  };

  test("every value lies in its bucket: above the lower bound, at most the upper", () => {
    fc.assert(fc.property(fc.oneof(magnitude, everyday), scales, holds), { numRuns: 2000 });
  });

  test("a boundary belongs to the bucket below it, and what is next above it to the next", () => {
    const index = fc.integer({ min: -900, max: 900 });
    fc.assert(
      fc.property(index, fc.integer({ min: 0, max: MAX_SCALE }), (k, scale) => {
        const boundary = bound(k, scale);
        expect(bucketIndex(boundary, scale)).toBe(k - 1);
        holds(boundary * (1 + 2 ** -52), scale);
        holds(boundary * (1 - 2 ** -52), scale);
      }),
      { numRuns: 2000 },
    );
  });

  test.each([
    [1, 0, -1],
    [1.5, 0, 0],
    [2, 0, 0],
    [2.1, 0, 1],
    [4, 0, 1],
    [0.5, 0, -2],
    [Number.MIN_VALUE, 0, -1075],
    [Number.MAX_VALUE, 0, 1023],
    [Number.MAX_VALUE, -11, 0],
    [1.5, 20, 613_377],
  ])("%d at scale %d is in bucket %d", (v, scale, index) => {
    expect(bucketIndex(v, scale)).toBe(index);
  });

  test("a bucket of a coarser scale is the union of two of the finer one", () => {
    fc.assert(
      fc.property(magnitude, fc.integer({ min: -4, max: MAX_SCALE }), (v, scale) => {
        expect(bucketIndex(v, scale - 1)).toBe(Math.floor(bucketIndex(v, scale) / 2));
      }),
      { numRuns: 2000 },
    );
  });
});

describe("recording", () => {
  test("counts, extremes and zeros are exact, and no side outgrows its buckets", () => {
    fc.assert(
      fc.property(values, scales, (list, scale) => {
        const histogram = histogramOf(list, scale);
        expect(histogram.count).toBe(list.length);
        expect(histogram.zeroCount).toBe(list.filter((v) => v === 0).length);
        expect(total(histogram.positive)).toBe(list.filter((v) => v > 0).length);
        expect(total(histogram.negative)).toBe(list.filter((v) => v < 0).length);
        expect(histogram.min).toBe(list.length === 0 ? undefined : Math.min(...list));
        expect(histogram.max).toBe(list.length === 0 ? undefined : Math.max(...list));
        expect(histogram.positive.counts.length).toBeLessThanOrEqual(MAX_BUCKETS);
        expect(histogram.negative.counts.length).toBeLessThanOrEqual(MAX_BUCKETS);
        expect(histogram.scale).toBeLessThanOrEqual(scale);
      }),
    );
  });

  test("the scale is lowered no further than the values need", () => {
    fc.assert(
      fc.property(fc.array(magnitude, { minLength: 1, maxLength: 20 }), (list) => {
        const { scale } = histogramOf(list);
        if (scale === 5) return;
        const finer = list.map((v) => bucketIndex(v, scale + 1));
        expect(Math.max(...finer) - Math.min(...finer) + 1).toBeGreaterThan(MAX_BUCKETS);
      }),
    );
  });

  test.each([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY])(
    "%d is not counted",
    (v) => expect(recordValue(histogramOf([1, -2]), v)).toEqual(histogramOf([1, -2])),
  );

  test("zero and minus zero are counted as zeros", () => {
    expect(histogramOf([0, -0])).toMatchObject({
      count: 2,
      zeroCount: 2,
      positive: { counts: [] },
      negative: { counts: [] },
    });
  });

  test("the histogram given is left as it was", () => {
    const before = histogramOf([1, 2, 3]);
    const copy = structuredClone(before);
    recordValue(before, 1e9);
    mergeHistograms(before, histogramOf([-1]));
    expect(before).toEqual(copy);
  });
});

describe("merging", () => {
  test("is recording everything in one place, at the scale that needs", () => {
    fc.assert(
      fc.property(values, values, scales, (a, b, scale) => {
        const merged = mergeHistograms(histogramOf(a, scale), histogramOf(b, scale));
        const together = histogramOf([...a, ...b], scale);
        expect(exact(merged)).toEqual(exact(together));
        expect(merged.sum).toBeCloseTo(together.sum, -Math.log10(Math.abs(together.sum) + 1) + 9);
      }),
    );
  });

  test("of different scales is recording everything at the coarser", () => {
    fc.assert(
      fc.property(values, values, scales, scales, (a, b, first, second) => {
        const merged = mergeHistograms(histogramOf(a, first), histogramOf(b, second));
        expect(exact(merged)).toEqual(exact(histogramOf([...a, ...b], Math.min(first, second))));
      }),
    );
  });

  test("does not mind order or grouping", () => {
    fc.assert(
      fc.property(values, values, values, scales, (x, y, z, scale) => {
        const [a, b, c] = [histogramOf(x), histogramOf(y, scale), histogramOf(z)];
        expect(exact(mergeHistograms(a, b))).toEqual(exact(mergeHistograms(b, a)));
        expect(exact(mergeHistograms(mergeHistograms(a, b), c))).toEqual(
          exact(mergeHistograms(a, mergeHistograms(b, c))),
        );
      }),
    );
  });

  test("with an empty one changes nothing", () => {
    fc.assert(
      fc.property(values, (list) => {
        const histogram = histogramOf(list);
        expect(mergeHistograms(histogram, emptyHistogram())).toEqual(histogram);
        expect(mergeHistograms(emptyHistogram(), histogram)).toEqual(histogram);
      }),
    );
  });

  test("keeps values below zero apart from those above and in their order", () => {
    const merged = mergeHistograms(histogramOf([-1, -10]), histogramOf([-100, -1000, 5]));
    expect(total(merged.negative)).toBe(4);
    expect(total(merged.positive)).toBe(1);
    expect(quantile(merged, 0)).toBeCloseTo(-1000, -2);
    expect(quantile(merged, 0.4)).toBeCloseTo(-100, -1);
    expect(quantile(merged, 0.6)).toBeCloseTo(-10, 0);
    expect(quantile(merged, 1)).toBeCloseTo(5, 1);
    expect(merged.sum).toBe(-1106);
  });

  test("makes a histogram from elsewhere fit, however many buckets it came with", () => {
    const wide: ExponentialHistogram = {
      ...emptyHistogram(8),
      count: 5000,
      positive: { offset: -2500, counts: new Array<number>(5000).fill(1) },
    };
    const merged = mergeHistograms(wide, emptyHistogram(8));
    expect(merged.positive.counts.length).toBeLessThanOrEqual(MAX_BUCKETS);
    expect(total(merged.positive)).toBe(5000);
  });
});

describe("quantiles", () => {
  test("are within the scale's relative error of the exact ones", () => {
    const moderate = fc
      .tuple(fc.double({ min: -9, max: 9, noNaN: true }), fc.constantFrom(-1, 0, 1))
      .map(([power, sign]) => sign * 10 ** power);
    const list = fc.array(fc.oneof(moderate, everyday), { minLength: 1, maxLength: 500 });
    const share = fc.double({ min: 0, max: 1, noNaN: true });
    fc.assert(
      fc.property(list, share, scales, (recorded, q, scale) => {
        const histogram = histogramOf(recorded, scale);
        const sorted = [...recorded].sort((a, b) => a - b);
        const expected = sorted[Math.max(1, Math.ceil(q * sorted.length)) - 1] ?? Number.NaN;
        const relativeError = 2 ** (2 ** -histogram.scale / 2) - 1;
        const estimate = quantile(histogram, q) ?? Number.NaN;
        expect(Math.abs(estimate - expected)).toBeLessThanOrEqual(
          Math.abs(expected) * (relativeError + 1e-12),
        );
      }),
      { numRuns: 300 },
    );
  });

  test("at scale 5 the error is at most 1.1%", () => {
    const milliseconds = Array.from({ length: 500 }, (_, i) => 20 + i * 0.4);
    const histogram = histogramOf(milliseconds);
    expect(histogram.scale).toBe(5);
    for (const q of [0.5, 0.95, 0.99]) {
      const expected = 20 + (Math.ceil(q * 500) - 1) * 0.4;
      expect(Math.abs((quantile(histogram, q) ?? 0) / expected - 1)).toBeLessThanOrEqual(0.011);
    }
  });

  test("never leave what was seen", () => {
    expect(quantile(histogramOf([7]), 0.5)).toBe(7);
    expect(quantile(histogramOf([-7]), 0.99)).toBe(-7);
    expect(quantile(histogramOf([0, 0, 0]), 0.5)).toBe(0);
  });

  test("of nothing are nothing", () => {
    expect(quantile(emptyHistogram(), 0.5)).toBeUndefined();
  });

  test("outside 0 to 1 are the extremes", () => {
    expect(quantile(histogramOf([1, 100]), -1)).toBeCloseTo(1, 1);
    expect(quantile(histogramOf([1, 100]), 2)).toBe(100);
  });
});
