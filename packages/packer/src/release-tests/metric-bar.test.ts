import { describe, expect, test } from "vitest";
import { checkBars, describeValue, type MetricBar, meets, rounded } from "./metric-bar.ts";

describe("bars", () => {
  test("are kept in their metric's own direction: the score of an error rate is 1 less the rate", () => {
    expect(
      checkBars([
        { metric: "accuracy", min: 0.97 },
        { metric: "cer", min: 0.97 },
        { metric: "wer", max: 0.1 },
        { metric: "mse", max: 4 },
        { metric: "r2", min: -0.5 },
        { metric: "exact" },
      ]),
    ).toEqual([
      { metric: "accuracy", min: 0.97 },
      { metric: "cer", max: 0.03 },
      { metric: "wer", max: 0.1 },
      { metric: "mse", max: 4 },
      { metric: "r2", min: -0.5 },
      { metric: "exact" },
    ]);
  });

  test.each<[MetricBar[], string]>([
    [[], "Name one with --metric"],
    [[{ metric: "accuracy", max: 0.9 }], "Give --min instead of --max 0.9"],
    [[{ metric: "rmse", min: 0.9 }], "Give --max instead of --min 0.9"],
    [[{ metric: "accuracy", min: 97 }], "--min 97 for accuracy has to be above 0 and up to 1"],
    [[{ metric: "accuracy", min: 0 }], "--min 0 for accuracy"],
    [[{ metric: "cer", min: 97 }], "1 − cer"],
    [[{ metric: "cer", max: 3 }], "--max 3 for cer has to be from 0 and below 1"],
    [[{ metric: "mae", max: -1 }], "--max -1 for mae"],
    [[{ metric: "r2", min: Number.NaN }], "NaN is no bar"],
    [[{ metric: "cer", min: 0.9, max: 0.1 }], "both --min and --max"],
    [[{ metric: "f1" }, { metric: "f1" }], "f1 comes twice"],
    // @ts-expect-error: what a caller without types may pass
    [[{ metric: "toString" }], 'no metric "toString"'],
  ])("%j are refused: %s", (bars, why) => {
    expect(() => checkBars(bars)).toThrow(
      expect.objectContaining({
        code: "options-invalid",
        message: expect.stringContaining(why),
      }),
    );
  });

  test("are met by what is as good, and not by what is a digit worse", () => {
    expect(meets({ metric: "accuracy", min: 0.97 }, 0.97)).toBe(true);
    expect(meets({ metric: "accuracy", min: 0.97 }, 0.969999)).toBe(false);
    expect(meets({ metric: "cer", max: 0.03 }, 0.03)).toBe(true);
    expect(meets({ metric: "cer", max: 0.03 }, 0.030001)).toBe(false);
    expect(meets({ metric: "mse" }, 1e9)).toBe(true);
  });
});

test("values are recorded to six digits", () => {
  expect(rounded(2 / 3)).toBe(0.666667);
});

test("of an error rate the score is said too", () => {
  expect(describeValue("cer", 0.03)).toBe("0.03 (score 0.97)");
  expect(describeValue("accuracy", 0.97)).toBe("0.97");
});
