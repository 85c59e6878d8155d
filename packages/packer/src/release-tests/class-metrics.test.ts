import { describe, expect, test } from "vitest";
import { accuracy, macroF1, top5 } from "./class-metrics.ts";
import { classed } from "./observation.fixture.ts";

const cases = [
  classed(0, 0, 1, 2, 3, 4),
  classed(0, 1, 0, 2, 3, 4),
  classed(1, 1, 0, 2, 3, 4),
  classed(2, 0, 1, 3, 4, 5),
];

describe("accuracy", () => {
  test("is the share of items whose most likely class is right", () => {
    expect(accuracy(cases)).toBe(0.5);
  });

  test("counts the rows of a batch, not the batches", () => {
    const batch = {
      classes: [1, 1, 2].map((answer) => ({ label: 1, ranking: [answer] })),
    };
    expect(accuracy([batch, classed(0, 1)])).toBe(0.5);
  });
});

describe("top5", () => {
  test("is the share of items whose class is among the five most likely", () => {
    expect(top5(cases)).toBe(0.75);
  });

  test("has no value where there are too few classes for it to fail", () => {
    expect(top5([...cases, classed(0, 0, 1)])).toBeNaN();
  });
});

describe("macro F1", () => {
  test("is the mean over classes, as scikit-learn computes it", () => {
    // f1_score([0, 0, 1, 2], [0, 1, 1, 0], average="macro"): 0.5, 2/3 and 0
    expect(macroF1(cases)).toBeCloseTo((0.5 + 2 / 3 + 0) / 3, 12);
  });

  test("counts a class that was only answered, and never right, as one of them", () => {
    expect(macroF1([classed(0, 0), classed(0, 7)])).toBeCloseTo((2 / 3 + 0) / 2, 12);
  });

  test("is 1 where all are right", () => {
    expect(macroF1([classed(0, 0), classed(3, 3)])).toBe(1);
  });
});

test("there is no value without an item", () => {
  for (const metric of [accuracy, top5, macroF1]) expect(metric([{ classes: [] }])).toBeNaN();
});
