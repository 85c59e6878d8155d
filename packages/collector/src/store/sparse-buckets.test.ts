import { emptyHistogram, recordValue } from "@selvedge/protocol";
import fc from "fast-check";
import { expect, test } from "vitest";
import { toDense, toSparse } from "./sparse-buckets.ts";

test("only buckets with something in them are kept, those of either sign apart", () => {
  const histogram = [1, 1, 4, -2].reduce(recordValue, emptyHistogram(0));
  expect(toSparse(histogram)).toEqual({ buckets: [-1, 1, 0], counts: [2, 1, 1], positives: 2 });
  expect(toSparse(emptyHistogram())).toEqual({ buckets: [], counts: [], positives: 0 });
});

test("histograms come back as they were", () => {
  const values = fc.array(fc.double({ min: -1e3, max: 1e3, noNaN: true }), { maxLength: 20 });
  fc.assert(
    fc.property(values, (measured) => {
      const { positive, negative } = measured.reduce(recordValue, emptyHistogram());
      const back = toDense(toSparse({ ...emptyHistogram(), positive, negative }));
      expect(back.positive.counts).toEqual(positive.counts);
      expect(back.negative.counts).toEqual(negative.counts);
      if (positive.counts.length > 0) expect(back.positive.offset).toBe(positive.offset);
      if (negative.counts.length > 0) expect(back.negative.offset).toBe(negative.offset);
    }),
  );
});
