import type { Tolerance } from "@selvedge/protocol";
import { bytesFrom, elementsOf } from "../named-tensor.ts";
import type { GoldenAnswer } from "./golden.ts";

/** Of the strictest tolerance: rounding takes up half of this. */
const SHARE = 1 / 4;

/**
 * Rounds floating-point answers to a step that is small beside what a device may be off by. The bits
 * below it prove nothing, and are as good as random: they would be most of what an update fetches.
 *
 * @param tolerance the one that the answers are recorded with, by backend
 */
export function roundAnswers(
  answers: readonly GoldenAnswer[],
  tolerance: Readonly<Record<string, Tolerance>>,
): GoldenAnswer[] {
  const strictest = Math.min(...Object.values(tolerance).map(({ absolute }) => absolute));
  return answers.map((answer) => {
    const most = SHARE * strictest * (answer.scale ?? 1);
    // A power of two, so that dividing and multiplying by it are exact.
    const step = 2 ** Math.floor(Math.log2(most));
    // Just below a power of two, the logarithm is rounded to that one's.
    return rounded(answer, step > most ? step / 2 : step);
  });
}

function rounded(tensor: GoldenAnswer, step: number): GoldenAnswer {
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
