import { chiSquareQuantile } from "./chi-square.ts";
import type { DriftVerdict } from "./collector-api.ts";
import { jensenShannon, kolmogorovSmirnov, psi, sharesOf } from "./drift-distances.ts";
import { debias, randomizedShares, responseOdds } from "./randomized-response.ts";

/** Contributors, as many as tell the same in the clear, without whom there is no verdict. */
export const LEAST_CONTRIBUTORS = 500;

/** A shift below it does not matter, however sure it is: the usual lower limit of PSI. */
export const LEAST_PSI = 0.1;

/** How likely it is that a feature is said to drift, of all that are looked at together, where none does. */
const FALSE_ALARMS = 0.01;

/** The values of a feature, by answer: its bins in their order, then missing and, of categories, unseen. */
export interface DriftSample {
  /** In any unit: examples, or contributors' shares added up. */
  readonly counts: readonly number[];
  /** How many independent sources they are of: a reference's examples, a fleet's contributors. */
  readonly size: number;
  /** The ε of the randomised response that gave the counts; absent where they are the truth. */
  readonly epsilon?: number | undefined;
}

/** Whether a feature has moved, and how far. */
export interface DriftFinding {
  readonly verdict: DriftVerdict;
  /** These are `null` where there is no verdict. */
  readonly psi: number | null;
  readonly jensenShannon: number | null;
  /** `null` for categories too. */
  readonly kolmogorovSmirnov: number | null;
}

/**
 * Decides whether a feature has moved. It drifts where its PSI
 *
 * 1. is 0.1 or more, so that the shift matters, and
 * 2. is more than chance explains: between two samples of the same values PSI is about
 *    `(1/n + 1/m) · χ²`, with a degree of freedom less than there are answers; `n` are the contributors,
 *    and `m` the size of the baseline, which may be small. The level is 1% over all features that are
 *    looked at together.
 *
 * A contributor's counts are shares that add up to 1, of however many predictions: they vary no more than
 * those of a single one, so that the second condition errs towards silence.
 *
 * Randomised answers are held against a baseline that is randomised as they were, which is where chance
 * is as simple; how large the shift is, is said of the answers before.
 *
 * @param options.bins how many of the counts are bins in an order; 0 for categories
 * @param options.features how many features are looked at together
 *
 * @see B. Yurdakul, J. Naranjo, "Statistical properties of the population stability index" (2020)
 */
export function driftVerdict(
  baseline: DriftSample,
  observed: DriftSample,
  { bins, features = 1 }: { bins: number; features?: number },
): DriftFinding {
  if (!isUsable(baseline, observed)) return withoutVerdict("no-baseline");
  if (effectiveSize(observed) < LEAST_CONTRIBUTORS) return withoutVerdict("too-few");
  const before = plainCounts(baseline);
  const now = plainCounts(observed);
  const distance = psi(before, now);
  const isDrifting = distance >= LEAST_PSI && isBeyondChance(baseline, observed, features);
  return {
    verdict: isDrifting ? "drifting" : "stable",
    psi: distance,
    jensenShannon: jensenShannon(before, now),
    kolmogorovSmirnov:
      bins > 0 ? kolmogorovSmirnov(before.slice(0, bins), now.slice(0, bins)) : null,
  };
}

/**
 * How many contributors would tell as much in the clear: of answers that are randomised,
 * `n · (truth − lie)²`.
 */
export function effectiveSize({ counts, size, epsilon }: DriftSample): number {
  return size * contrast(counts.length, epsilon) ** 2;
}

function isUsable(baseline: DriftSample, observed: DriftSample): boolean {
  const { counts, size, epsilon } = baseline;
  return (
    size > 0 &&
    counts.length === observed.counts.length &&
    counts.some((count) => count > 0) &&
    // Answers that were randomised in two ways have no form in common.
    (epsilon === undefined || observed.epsilon === undefined || epsilon === observed.epsilon)
  );
}

/** What the answers were before they were randomised, as counts of as many sources as tell as much. */
function plainCounts(sample: DriftSample): number[] {
  const { counts, epsilon } = sample;
  const shares =
    epsilon === undefined
      ? counts
      : // An estimate below nothing is one of nothing, as far as distances can tell.
        debias(counts, epsilon).map((share) => Math.max(share, 0));
  return sharesOf(shares).map((share) => share * effectiveSize(sample));
}

function isBeyondChance(baseline: DriftSample, observed: DriftSample, features: number): boolean {
  const epsilon = observed.epsilon ?? baseline.epsilon;
  const before = sharesAt(baseline, epsilon);
  const now = sharesAt(observed, epsilon);
  const used = [...before.keys()].filter((i) => (before[i] ?? 0) + (now[i] ?? 0) > 0);
  const degrees = used.length - 1;
  if (degrees < 1) return false;
  const distance = psi(
    before.map((share) => share * baseline.size),
    now.map((share) => share * observed.size),
  );
  const plain = sharesOf(plainCounts(baseline));
  // What PSI comes to by chance, as a multiple of χ²: so that their means are the same.
  const unit = used.reduce((sum, i) => {
    const share = Math.max(before[i] ?? 0, 1 / (2 * baseline.size));
    const variance = [baseline, observed].reduce((all, sample) => {
      const own = sample.epsilon === epsilon ? share : (plain[i] ?? 0);
      const scale = sample.epsilon === epsilon ? 1 : contrast(before.length, epsilon);
      return all + (scale ** 2 * own * (1 - own)) / sample.size;
    }, 0);
    return sum + variance / share / degrees;
  }, 0);
  return distance > unit * chiSquareQuantile(degrees, FALSE_ALARMS / features);
}

/** Shares as they are where answers are randomised by ε. */
function sharesAt({ counts, epsilon: own }: DriftSample, epsilon: number | undefined): number[] {
  const shares = sharesOf(counts);
  return epsilon === undefined || own === epsilon ? shares : randomizedShares(shares, epsilon);
}

/** How much of a difference between shares is left when answers are randomised. */
function contrast(k: number, epsilon: number | undefined): number {
  if (epsilon === undefined) return 1;
  const { truth, lie } = responseOdds(k, epsilon);
  return truth - lie;
}

function withoutVerdict(verdict: DriftVerdict): DriftFinding {
  return { verdict, psi: null, jensenShannon: null, kolmogorovSmirnov: null };
}
