/** An estimate and the ends of its 95% confidence interval. */
export interface Interval {
  readonly value: number;
  readonly low: number;
  readonly high: number;
}

/** The 97.5% quantile of the normal distribution: what 95% intervals reach to on either side. */
export const Z95 = 1.959963984540054;

/**
 * The share of `hits` in `count` with Wilson's score interval, which holds its 95% near 0 and 1 and for
 * small counts too.
 *
 * @param count above 0
 * @see E. B. Wilson, "Probable inference, the law of succession, and statistical inference" (1927)
 */
export function wilsonInterval(hits: number, count: number): Interval {
  const share = hits / count;
  const z2 = Z95 ** 2;
  const middle = (share + z2 / (2 * count)) / (1 + z2 / count);
  const half =
    (Z95 / (1 + z2 / count)) * Math.sqrt((share * (1 - share)) / count + z2 / (4 * count ** 2));
  // At the ends the formula gives exactly 0 or 1, but for rounding.
  return {
    value: share,
    low: hits === 0 ? 0 : Math.max(0, middle - half),
    high: hits === count ? 1 : Math.min(1, middle + half),
  };
}

/**
 * `b − a` with an interval recovered from theirs (MOVER): the distances to the ends that matter add up
 * as variances do. Of two Wilson intervals it is Newcombe's hybrid score interval, his method 10.
 *
 * @see R. G. Newcombe, "Interval estimation for the difference between independent proportions" (1998)
 * @see G. Y. Zou, A. Donner, "Construction of confidence limits about effect measures" (2008)
 */
export function differenceInterval(a: Interval, b: Interval): Interval {
  const value = b.value - a.value;
  return {
    value,
    low: value - Math.hypot(b.value - b.low, a.high - a.value),
    high: value + Math.hypot(b.high - b.value, a.value - a.low),
  };
}
