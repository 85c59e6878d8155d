/**
 * k-ary randomised response: a device tells its own answer, one of `k`, with probability `truth`, and
 * each of the others with `lie`; `truth / lie = e^ε`, so that whoever hears it learns at most ε of the
 * device, whatever else is known.
 *
 * @see P. Kairouz, K. Bonawitz, D. Ramage, "Discrete distribution estimation under local privacy" (2016)
 */
export interface ResponseOdds {
  readonly truth: number;
  /** Of each answer that is not the device's own. */
  readonly lie: number;
}

/** How likely answers are at a privacy of ε, where there are `k` of them. */
export function responseOdds(k: number, epsilon: number): ResponseOdds {
  const weight = Math.exp(epsilon);
  // An ε so large that it is none.
  if (!Number.isFinite(weight)) return { truth: 1, lie: 0 };
  return { truth: weight / (weight + k - 1), lie: 1 / (weight + k - 1) };
}

/**
 * What a device tells in place of its answer.
 *
 * @param answer from 0 to `k − 1`
 * @param random two numbers from 0 to 1, 1 excluded
 */
export function randomizeAnswer(
  answer: number,
  { k, epsilon, random }: { k: number; epsilon: number; random: readonly [number, number] },
): number {
  const [chance, other] = random;
  if (k < 2 || chance < responseOdds(k, epsilon).truth) return answer;
  const lie = Math.floor(other * (k - 1));
  return lie < answer ? lie : lie + 1;
}

/**
 * What answers were before they were randomised, as shares of all: an unbiased estimate, so that a share
 * may come out below 0 or above 1. They add up to 1.
 *
 * @param counts of every answer there is, in any unit; the length is `k`
 */
export function debias(counts: readonly number[], epsilon: number): number[] {
  const { truth, lie } = responseOdds(counts.length, epsilon);
  const total = counts.reduce((sum, count) => sum + count, 0);
  if (total === 0 || truth === lie) return counts.map(() => (total === 0 ? 0 : 1 / counts.length));
  return counts.map((count) => (count / total - lie) / (truth - lie));
}

/** What shares become when answers are randomised. */
export function randomizedShares(shares: readonly number[], epsilon: number): number[] {
  const { truth, lie } = responseOdds(shares.length, epsilon);
  return shares.map((share) => lie + share * (truth - lie));
}
