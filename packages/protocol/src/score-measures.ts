/** What scores of classes come to. */
export interface Ranking {
  /** The likeliest class; of equal ones the first. */
  readonly top: number;
  /** Its probability. */
  readonly confidence: number;
  /** Of the probabilities, in bits: 0 where one class has them all. */
  readonly entropy: number;
}

/** How far from 1 probabilities may add up to: those of float16 are rounded. */
const SUM_TOLERANCE = 0.01;

/**
 * Ranks scores of classes. Those that add up to 1 and are not negative are probabilities; others become
 * such by softmax.
 *
 * @returns `undefined` where one of them is no finite number
 */
export function rank(scores: ArrayLike<number>): Ranking | undefined {
  let [top, largest] = [0, Number.NEGATIVE_INFINITY];
  for (let i = 0; i < scores.length; i++) {
    const score = scores[i] ?? Number.NaN;
    if (!Number.isFinite(score)) return undefined;
    if (score > largest) [largest, top] = [score, i];
  }
  const isProbability = areProbabilities(scores);
  const weight = (i: number) =>
    isProbability ? (scores[i] ?? 0) : Math.exp((scores[i] ?? 0) - largest);
  let [sum, weighted] = [0, 0];
  for (let i = 0; i < scores.length; i++) {
    const share = weight(i);
    sum += share;
    if (share > 0) weighted += share * Math.log2(share);
  }
  // Of weights w that add up to s: −Σ w/s · log2(w/s).
  const entropy = Math.max(Math.log2(sum) - weighted / sum, 0);
  return { top, confidence: weight(top) / sum, entropy };
}

/** Whether scores are probabilities of classes as they stand. */
export function areProbabilities(scores: ArrayLike<number>): boolean {
  let total = 0;
  for (let i = 0; i < scores.length; i++) {
    const score = scores[i] ?? Number.NaN;
    if (!(score >= 0)) return false;
    total += score;
  }
  return Math.abs(total - 1) <= SUM_TOLERANCE;
}
