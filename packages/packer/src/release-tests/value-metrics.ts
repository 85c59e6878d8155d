import type { Observation, ValueErrors } from "./observation.ts";

/** Mean squared error: the mean of (answer − expected)² over all elements of all cases. */
export function meanSquaredError(cases: readonly Observation[]): number {
  const { squared, count } = total(cases);
  return squared / count;
}

/** Mean absolute error: the mean of |answer − expected| over all elements of all cases. */
export function meanAbsoluteError(cases: readonly Observation[]): number {
  const { absolute, count } = total(cases);
  return absolute / count;
}

/** The root of the mean squared error, in the unit of the values. */
export function rootMeanSquaredError(cases: readonly Observation[]): number {
  return Math.sqrt(meanSquaredError(cases));
}

/**
 * R²: 1 − Σ (answer − expected)² / Σ (expected − mean)². 1 is exact, 0 no better than the mean, and
 * there is no lower end. NaN where all that was expected is equal.
 *
 * @see https://scikit-learn.org/stable/modules/generated/sklearn.metrics.r2_score.html
 */
export function coefficientOfDetermination(cases: readonly Observation[]): number {
  const { squared, spread } = total(cases);
  return spread === 0 ? Number.NaN : 1 - squared / spread;
}

/** Cosine similarity: the mean over cases of answer · expected / (|answer| · |expected|). */
export function cosineSimilarity(cases: readonly Observation[]): number {
  const cosines = cases.flatMap(({ values }) => (values === undefined ? [] : [values.cosine]));
  return cosines.reduce((sum, cosine) => sum + cosine, 0) / cosines.length;
}

/** Numbers or bigints that a model gave, and those it should have given: as many. */
export interface ValuePair {
  readonly answer: ArrayLike<unknown>;
  readonly expected: ArrayLike<unknown>;
}

/** What the numbers of one case came to, over all its outputs. */
export function valueErrors(pairs: readonly ValuePair[]): ValueErrors {
  let [count, absolute, squared, sum, dot, answerNorm, expectedNorm] = [0, 0, 0, 0, 0, 0, 0];
  eachPair(pairs, (is, should) => {
    count += 1;
    absolute += Math.abs(is - should);
    squared += (is - should) ** 2;
    sum += should;
    dot += is * should;
    answerNorm += is ** 2;
    expectedNorm += should ** 2;
  });
  const mean = count === 0 ? 0 : sum / count;
  let spread = 0;
  eachPair(pairs, (_, should) => {
    spread += (should - mean) ** 2;
  });
  const norms = Math.sqrt(answerNorm) * Math.sqrt(expectedNorm);
  return { count, absolute, squared, mean, spread, cosine: norms === 0 ? 0 : dot / norms };
}

function eachPair(pairs: readonly ValuePair[], visit: (is: number, should: number) => void): void {
  for (const { answer, expected } of pairs)
    for (let i = 0; i < expected.length; i++) visit(Number(answer[i]), Number(expected[i]));
}

/**
 * All cases as one. Spreads add up as Chan, Golub and LeVeque have it, which stays exact where the
 * mean is far from zero.
 *
 * @see https://doi.org/10.1080/00031305.1983.10483115
 */
function total(cases: readonly Observation[]): Omit<ValueErrors, "cosine"> {
  let [count, absolute, squared, mean, spread] = [0, 0, 0, 0, 0];
  for (const { values } of cases) {
    if (values === undefined || values.count === 0) continue;
    const all = count + values.count;
    const step = values.mean - mean;
    spread += values.spread + (step ** 2 * count * values.count) / all;
    mean += (step * values.count) / all;
    count = all;
    absolute += values.absolute;
    squared += values.squared;
  }
  return { count, absolute, squared, mean, spread };
}
