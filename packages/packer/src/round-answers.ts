import type { Tolerance } from "@selvedge/protocol";
import type { Golden } from "./golden.ts";
import { bytesFrom, elementsOf, type NamedTensor } from "./named-tensor.ts";

/** Of the strictest tolerance: rounding takes up half of this. */
const SHARE = 1 / 8;

/**
 * Rounds floating-point answers to a step that is small beside what a device may be off by. The bits
 * below it prove nothing, and are as good as random: they would be most of what an update fetches.
 *
 * @param tolerance the one that the answers are recorded with, by backend
 */
export function roundAnswers(
  golden: readonly Golden[],
  tolerance: Readonly<Record<string, Tolerance>>,
): Golden[] {
  const strictest = Math.min(...Object.values(tolerance).map(({ absolute }) => absolute));
  // A power of two, so that dividing and multiplying by it are exact.
  const step = 2 ** Math.floor(Math.log2(SHARE * strictest));
  return golden.map(({ inputs, outputs }) => ({
    inputs,
    outputs: outputs.map((output) => rounded(output, step)),
  }));
}

function rounded(tensor: NamedTensor, step: number): NamedTensor {
  const { dtype } = tensor;
  if (dtype !== "float32" && dtype !== "float64") return tensor;
  // A step of zero, for answers that have to be exact, and one of infinity leave them as they are.
  if (!(step > 0 && step < Number.POSITIVE_INFINITY)) return tensor;
  const values: number[] = [];
  for (const value of elementsOf(tensor)) {
    const answer = Number(value);
    const near = Math.round(answer / step) * step;
    // Adding zero makes −0 into 0, whose bits would differ for nothing.
    values.push(Number.isFinite(near) ? near + 0 : answer);
  }
  return { ...tensor, bytes: bytesFrom(dtype, values) };
}
