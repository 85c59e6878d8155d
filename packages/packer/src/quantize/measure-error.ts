import type { QuantizationError } from "@selvedge/protocol";
import { elementsOf, type NamedTensor } from "../named-tensor.ts";

/** Better than float32 can tell: what an answer without any error counts as. */
const EXACT_DB = 150;

/**
 * How far answers are from those of fp32: the signal-to-noise ratio of the worst output, over all
 * cases, and the largest difference of any element. Answers that are not finite make both infinite.
 *
 * @param answers for each case, what the variant answered, in the order of `golden`
 */
export function measureError(
  golden: readonly (readonly NamedTensor[])[],
  answers: readonly (readonly NamedTensor[])[],
): QuantizationError {
  const powers = new Map<string, { signal: number; noise: number }>();
  let maxDifference = 0;
  for (const [index, outputs] of golden.entries())
    for (const output of outputs) {
      const answer = answers[index]?.find(({ name }) => name === output.name);
      const power = powers.get(output.name) ?? { signal: 0, noise: 0 };
      powers.set(output.name, power);
      const expected = elementsOf(output);
      const actual = answer?.dims.join() === output.dims.join() ? elementsOf(answer) : undefined;
      for (let i = 0; i < expected.length; i++) {
        const [is, should] = numbersOf(actual?.[i], expected[i]);
        const difference = Math.abs(is - should);
        power.signal += should ** 2;
        power.noise += Number.isFinite(difference) ? difference ** 2 : Number.POSITIVE_INFINITY;
        maxDifference = Number.isFinite(difference)
          ? Math.max(maxDifference, difference)
          : Number.POSITIVE_INFINITY;
      }
    }
  const ratios = [...powers.values()].map(decibels);
  return {
    snrDb: Number(Math.min(EXACT_DB, ...ratios).toFixed(2)),
    maxDifference: Number(maxDifference.toPrecision(3)),
  };
}

/** A string that is not the one it should be counts as 0 instead of 1. */
function numbersOf(is: unknown, should: unknown): [is: number, should: number] {
  if (typeof should === "string") return [is === should ? 1 : 0, 1];
  return [is === undefined ? Number.NaN : Number(is), Number(should)];
}

function decibels({ signal, noise }: { signal: number; noise: number }): number {
  if (noise === 0) return EXACT_DB;
  return signal === 0 ? Number.NEGATIVE_INFINITY : 10 * Math.log10(signal / noise);
}
