import { type Case, nameOfCase } from "../golden/cases-file.ts";
import { rounded } from "./metric-bar.ts";
import { isHigherBetter, METRICS, type MetricName } from "./metrics.ts";
import type { Observation } from "./observation.ts";

/** How many are named. */
const NAMED = 3;

/** What cannot be better; similarities come near 1, and are rounded. */
const BEST = { share: 1, rate: 0, error: 0, similarity: Number.NaN };

/**
 * The cases that cost a metric most, the worst first, in words.
 *
 * @param observed what each case came to, in the order of `cases`
 */
export function worstCases(
  metric: MetricName,
  cases: readonly Case[],
  observed: readonly Observation[],
): string {
  const { of, caseOf = of, scale } = METRICS[metric];
  const sign = isHigherBetter(METRICS[metric]) ? 1 : -1;
  // A case without a value of its own, such as an empty text that was read as one, is not ranked.
  const ranked = observed
    .map((observation, index) => ({ index, value: caseOf([observation]) }))
    .filter(({ value }) => Number.isFinite(value) && value !== BEST[scale])
    .sort((a, b) => sign * (a.value - b.value));
  return ranked
    .slice(0, NAMED)
    .flatMap(({ index, value }) => {
      const test = cases[index];
      return test === undefined ? [] : [`${nameOfCase(test, index)} with ${rounded(value)}`];
    })
    .join(", ");
}
