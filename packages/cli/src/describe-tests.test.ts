import { expect, test } from "vitest";
import { describeTests } from "./describe-tests.ts";

const file = (digit: string, cases: number) => ({ bytes: 4_000, sha256: digit.repeat(64), cases });

test("a line for each file says what was asked, of how many cases, and which file it was", () => {
  const metrics = [{ metric: "cer", max: 0.03 }, { metric: "r2", min: 0.5 }, { metric: "exact" }];
  const tests = {
    evaluation: { ...file("a", 60), metrics },
    regression: file("b", 1),
    vocabulary: { bytes: 26_000, sha256: "c".repeat(64) },
    output: "y",
  };
  expect(describeTests({ tests })).toEqual([
    `cer at most 0.03, r2 at least 0.5, exact of y on 60 cases, 4.0 KB, sha256 ${"a".repeat(64)}`,
    `all of 1 case, 4.0 KB, sha256 ${"b".repeat(64)} hold`,
    `classes named by 26.0 KB, sha256 ${"c".repeat(64)}`,
  ]);
});

test("untested, there is nothing to say", () => {
  expect(describeTests({})).toEqual([]);
});
