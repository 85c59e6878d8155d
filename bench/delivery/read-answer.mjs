/** The text that rec's most likely class of each step means: repetitions and blanks left out. */
export function textOf(best, labels) {
  return best
    .filter((label, step) => label !== 0 && label !== best[step - 1])
    .map((label) => labels[label])
    .join("")
    .trim();
}
