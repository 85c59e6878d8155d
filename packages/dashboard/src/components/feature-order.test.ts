import type { DriftVerdict, FeatureDrift } from "@selvedge/protocol";
import { expect, test } from "vitest";
import { byDrift } from "./feature-order.ts";

function feature(verdict: DriftVerdict, psi: number | null, contributors = 900): FeatureDrift {
  return {
    feature: `${verdict} ${psi} ${contributors}`,
    side: "input",
    measure: "value",
    verdict,
    contributors,
    psi,
    jensenShannon: null,
    kolmogorovSmirnov: null,
    missing: null,
    outOfRange: null,
    unseen: null,
    bins: [],
  };
}

test("the furthest drift comes first, and what nothing is known of last", () => {
  const features = [
    feature("too-few", null, 30),
    feature("stable", 0.05),
    feature("no-baseline", null),
    feature("drifting", 0.3),
    feature("too-few", null, 400),
    feature("drifting", 0.9),
  ];
  expect(features.toSorted(byDrift).map((one) => one.feature)).toEqual([
    "drifting 0.9 900",
    "drifting 0.3 900",
    "stable 0.05 900",
    "too-few null 400",
    "too-few null 30",
    "no-baseline null 900",
  ]);
});
