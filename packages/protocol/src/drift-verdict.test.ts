import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { psi } from "./drift-distances.ts";
import { type DriftSample, driftVerdict, effectiveSize } from "./drift-verdict.ts";
import { randomizedShares } from "./randomized-response.ts";

const even = new Array<number>(10).fill(0.1);
/** PSI of 0.2 from `even`: what two bins lose, two others gain. */
const shifted = [0.035, 0.035, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.155, 0.175];
const scaled = (shares: readonly number[]) => shares.map((share) => share * 1e9);
const slight = even.map((share, bin) => share + (bin % 2 === 0 ? 0.004 : -0.004));

/** Numbers from 0 to 1, the same every time (Mulberry32). */
function createRandom(): () => number {
  let state = 20_261_122;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

const reference: DriftSample = { counts: even, size: 2_000 };
const fleet = (counts: readonly number[], size = 500): DriftSample => ({ counts, size });
const verdictOf = (observed: DriftSample, baseline = reference) =>
  driftVerdict(baseline, observed, { bins: 10, features: 8 }).verdict;

test("the shift of these tests has a PSI of 0.2", () => {
  expect(psi(scaled(even), scaled(shifted))).toBeCloseTo(0.2, 2);
});

test("of 500 contributors a PSI of 0.2 is told in 95% of fleets, and chance is taken for one in 1%, beside seven features and a small reference", () => {
  const random = createRandom();
  const draw = (shares: readonly number[], size: number): DriftSample => {
    const counts = shares.map(() => 0);
    for (let i = 0; i < size; i++) {
      let left = random();
      const bin = shares.findIndex((share) => {
        left -= share;
        return left < 0;
      });
      counts[bin] = (counts[bin] ?? 0) + 1;
    }
    return { counts, size };
  };
  const fleets = 300;
  const flagged = (shares: readonly number[]) =>
    Array.from({ length: fleets }, () => verdictOf(draw(shares, 500), draw(even, 400))).filter(
      (verdict) => verdict === "drifting",
    ).length / fleets;
  expect(flagged(shifted)).toBeGreaterThanOrEqual(0.95);
  expect(flagged(even)).toBeLessThanOrEqual(0.01);
});

test("a large shift is one, and what matters little is none, however sure it is", () => {
  expect(verdictOf(fleet(shifted))).toBe("drifting");
  expect(verdictOf(fleet(slight, 10_000_000), { counts: even, size: 10_000_000 })).toBe("stable");
});

test("what a small reference may have been by chance is no shift", () => {
  const somewhat = [0.17, 0.03, ...even.slice(2)];
  expect(verdictOf(fleet(somewhat, 5_000), { counts: even, size: 5_000 })).toBe("drifting");
  expect(verdictOf(fleet(somewhat, 5_000), { counts: even, size: 60 })).toBe("stable");
});

test("there is no verdict under 500 contributors, nor without a baseline", () => {
  const silent = { psi: null, jensenShannon: null, kolmogorovSmirnov: null };
  const ask = (baseline: DriftSample, observed: DriftSample) =>
    driftVerdict(baseline, observed, { bins: 10 });
  expect(ask(reference, fleet(shifted, 499))).toEqual({ verdict: "too-few", ...silent });
  for (const nothing of [
    { counts: even, size: 0 },
    { counts: even.map(() => 0), size: 9 },
    { counts: [1, 2], size: 9 },
  ])
    expect(ask(nothing, fleet(shifted))).toEqual({ verdict: "no-baseline", ...silent });
});

test("values that come to be missing are a shift too, and the distances of bins do not see them", () => {
  const counts = [...even.map((share) => share * 0.6), 0.4];
  const found = driftVerdict({ counts: [...even, 0], size: 2_000 }, fleet(counts), { bins: 10 });
  expect(found.verdict).toBe("drifting");
  expect(found.kolmogorovSmirnov).toBeCloseTo(0, 10);
});

test("categories have no order, so that no cumulated share means anything", () => {
  const { kolmogorovSmirnov } = driftVerdict(reference, fleet(shifted), { bins: 0 });
  expect(kolmogorovSmirnov).toBeNull();
});

test("every verdict has finite distances, whatever is counted", () => {
  const counts = fc.array(fc.double({ min: 0, max: 1e6, noNaN: true }), {
    minLength: 3,
    maxLength: 3,
  });
  const size = fc.integer({ min: 0, max: 1e6 });
  const epsilon = fc.option(fc.double({ min: 0.5, max: 10, noNaN: true }), { nil: undefined });
  const sample = fc.record({ counts, size, epsilon });
  fc.assert(
    fc.property(sample, sample, (a, b) => {
      const { verdict, psi } = driftVerdict(a, b, { bins: 2, features: 3 });
      expect(["stable", "drifting"].includes(verdict)).toBe(psi !== null);
      if (psi !== null) expect(psi).toSatisfy((value) => Number.isFinite(value) && value >= 0);
    }),
  );
});

describe("of randomised answers", () => {
  const epsilon = 2;
  const told = (shares: readonly number[], size: number): DriftSample => ({
    counts: randomizedShares(shares, epsilon),
    size,
    epsilon,
  });

  test("the shift is found, and is as large as it was before they were randomised", () => {
    const plain = driftVerdict(reference, fleet(shifted, 5_000), { bins: 10 });
    const found = driftVerdict(reference, told(shifted, 5_000), { bins: 10 });
    expect(found.verdict).toBe("drifting");
    expect(found.psi).toBeCloseTo(plain.psi ?? -1, 1);
    expect(verdictOf(told(even, 5_000))).toBe("stable");
  });

  test("it takes more of them than of the truth", () => {
    expect(effectiveSize(told(even, 5_000))).toBeGreaterThan(500);
    expect(effectiveSize(told(even, 3_000))).toBeLessThan(500);
    expect(verdictOf(told(shifted, 3_000))).toBe("too-few");
  });

  test("a week is held against the week before where both were randomised alike", () => {
    expect(verdictOf(told(shifted, 5_000), told(even, 5_000))).toBe("drifting");
    expect(verdictOf(told(even, 5_000), told(even, 5_000))).toBe("stable");
    expect(verdictOf(told(even, 5_000), { ...told(even, 5_000), epsilon: 1 })).toBe("no-baseline");
  });
});
