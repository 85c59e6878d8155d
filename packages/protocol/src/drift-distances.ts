/**
 * What is added to each bin before shares are compared by their logarithms, so that an empty one is
 * unlikely and not impossible: the estimate of Krichevsky and Trofimov, which is Bayes' with Jeffreys'
 * prior. It weighs less the more there is to count.
 *
 * @see R. Krichevsky, V. Trofimov, "The performance of universal encoding", IEEE Trans. Inf. Theory 27 (1981)
 */
const PRIOR_COUNT = 0.5;

/**
 * Population stability index between two lists of counts, bin by bin: `Σ (q − p) · ln(q / p)`, which is
 * 0 where shares are the same and has no upper end. Counts may be fractions, as sums of shares are: what
 * they add up to is taken for the size of the sample, by which empty bins are smoothed (½ in each).
 * Bins that are empty on both sides are left out.
 *
 * @see S. Kullback, R. Leibler, "On information and sufficiency" (1951), whose J-divergence it is
 */
export function psi(baseline: readonly number[], observed: readonly number[]): number {
  const [p, q] = smoothed(baseline, observed);
  return p.reduce((sum, share, bin) => {
    const other = q[bin] ?? 0;
    return sum + (other - share) * Math.log(other / share);
  }, 0);
}

/**
 * Jensen–Shannon distance between two lists of counts: the root of their divergence with logarithms to
 * base 2, from 0 for the same shares to 1 for none in common. Empty bins need no smoothing.
 *
 * @see J. Lin, "Divergence measures based on the Shannon entropy", IEEE Trans. Inf. Theory 37 (1991)
 */
export function jensenShannon(baseline: readonly number[], observed: readonly number[]): number {
  const p = sharesOf(baseline);
  const q = sharesOf(observed);
  const divergence = p.reduce((sum, share, bin) => {
    const other = q[bin] ?? 0;
    const middle = (share + other) / 2;
    return sum + (information(share, middle) + information(other, middle)) / 2;
  }, 0);
  // Rounding may leave less than nothing, or a bit more than all.
  return Math.sqrt(Math.min(Math.max(divergence, 0), 1));
}

/**
 * Kolmogorov–Smirnov distance between two lists of counts in bins that have an order: how far their
 * cumulated shares are apart where they are furthest, from 0 to 1. Within bins nothing is known, so that
 * it is a lower bound of what the values themselves would give.
 */
export function kolmogorovSmirnov(
  baseline: readonly number[],
  observed: readonly number[],
): number {
  const p = sharesOf(baseline);
  const q = sharesOf(observed);
  let apart = 0;
  let furthest = 0;
  for (const [bin, share] of p.entries()) {
    apart += (q[bin] ?? 0) - share;
    furthest = Math.max(furthest, Math.abs(apart));
  }
  return Math.min(furthest, 1);
}

/** Counts as shares of their sum; all 0 where there is nothing. */
export function sharesOf(counts: readonly number[]): number[] {
  const total = counts.reduce((sum, count) => sum + count, 0);
  return counts.map((count) => (total > 0 ? count / total : 0));
}

/** `p · log2(p / q)`, which is 0 where there is no p. */
function information(p: number, q: number): number {
  return p > 0 ? p * Math.log2(p / q) : 0;
}

/** The shares of both in the bins that either has anything in, none of them 0. */
function smoothed(
  baseline: readonly number[],
  observed: readonly number[],
): [baseline: number[], observed: number[]] {
  const used = [...baseline.keys()].filter(
    (bin) => (baseline[bin] ?? 0) > 0 || (observed[bin] ?? 0) > 0,
  );
  const of = (counts: readonly number[]) =>
    sharesOf(used.map((bin) => (counts[bin] ?? 0) + PRIOR_COUNT));
  return [of(baseline), of(observed)];
}
