/** The class that stands for no character. */
const BLANK = 0;

/**
 * Greedy CTC decoding, the best path: the likeliest class of each step, repetitions merged, then
 * blanks dropped.
 *
 * @param best the likeliest class of each step
 * @param vocabulary what each class reads as
 * @see https://doi.org/10.1145/1143844.1143891
 */
export function greedyCtc(best: readonly number[], vocabulary: readonly string[]): string {
  return best
    .filter((label, step) => label !== BLANK && label !== best[step - 1])
    .map((label) => vocabulary[label] ?? "")
    .join("");
}
