/** A line of text, and the mean probability of the letters in it. */
export interface Reading {
  readonly text: string;
  readonly confidence: number;
}

/** PP-OCR's classes: the blank, the listed characters, the space. */
export function recognitionLabels(keys: string): readonly string[] {
  const lines = keys.split(/\r?\n/);
  if (lines.at(-1) === "") lines.pop();
  return ["", ...lines, " "];
}

/**
 * Greedy CTC: the likeliest class of each step, repeats merged, blanks (class 0) dropped,
 * and the spaces that a generous crop puts around a line.
 *
 * @see https://doi.org/10.1145/1143844.1143891
 */
export function ctcDecode(
  probabilities: Float32Array,
  classes: number,
  labels: readonly string[],
): Reading {
  let text = "";
  let [sum, count, previous] = [0, 0, 0];
  for (let start = 0; start + classes <= probabilities.length; start += classes) {
    let [best, highest] = [0, -Infinity];
    for (let index = 0; index < classes; index += 1) {
      const probability = probabilities[start + index] ?? 0;
      if (probability > highest) [best, highest] = [index, probability];
    }
    if (best !== 0 && best !== previous) {
      text += labels[best] ?? "";
      sum += highest;
      count += 1;
    }
    previous = best;
  }
  return { text: text.trim(), confidence: count === 0 ? 0 : sum / count };
}
