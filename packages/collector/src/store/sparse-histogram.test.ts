import { emptyHistogram, recordValue } from "@selvedge/protocol";
import fc from "fast-check";
import { expect, test } from "vitest";
import { toDense, toSparse } from "./sparse-histogram.ts";

test("only buckets with something in them are kept, those of either sign apart", () => {
  const histogram = [1, 1, 4, -2].reduce(recordValue, emptyHistogram(0));
  expect(toSparse(histogram)).toEqual({
    ...{ scale: 0, count: 4, sum: 4, min: -2, max: 4, zeroCount: 0 },
    ...{ buckets: [-1, 1, 0], counts: [2, 1, 1], positives: 2 },
  });
  expect(toSparse(emptyHistogram())).toMatchObject({ buckets: [], counts: [], positives: 0 });
});

test("histograms come back as they were", () => {
  const values = fc.array(fc.double({ min: -1e3, max: 1e3, noNaN: true }), { maxLength: 20 });
  fc.assert(
    fc.property(values, (measured) => {
      const histogram = measured.reduce(recordValue, emptyHistogram());
      expect(toDense(toSparse(histogram))).toEqual(histogram);
    }),
  );
});
