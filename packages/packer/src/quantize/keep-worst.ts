import { rankWeights } from "./rank-weights.ts";

/** How many times the model is run to find out which weights cost most. */
const PROBES = 64;

/**
 * Keeps as few of a model's weights in float16 as bring it within a bound: the worst ones, as many as
 * it takes, found by bisection and measured again at every step.
 *
 * @param attempt makes the model with some weights kept
 * @returns the outcome that keeps fewest; `undefined` where keeping all of them does not do
 */
export async function keepWorst<T extends { readonly error: number }>({
  weights,
  maxError,
  attempt,
}: {
  /** In graph order. */
  readonly weights: readonly string[];
  readonly maxError: number;
  readonly attempt: (kept: readonly string[]) => Promise<T>;
}): Promise<{ readonly kept: readonly string[]; readonly outcome: T } | undefined> {
  const all = await attempt(weights);
  if (!(all.error <= maxError)) return undefined;
  const ranked = await rankWeights(weights, {
    probes: PROBES,
    errorOf: async (names) =>
      (await attempt(weights.filter((name) => !names.includes(name)))).error,
  });
  let best = { kept: weights, outcome: all };
  let [least, most] = [1, ranked.length];
  while (least < most) {
    const count = (least + most) >> 1;
    const worst = new Set(ranked.slice(0, count).flatMap(({ names }) => names));
    const kept = weights.filter((name) => worst.has(name));
    const outcome = await attempt(kept);
    if (outcome.error <= maxError) {
      best = { kept, outcome };
      most = count;
    } else least = count + 1;
  }
  return best;
}
