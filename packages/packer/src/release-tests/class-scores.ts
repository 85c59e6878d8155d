import { elementsOf, type NamedTensor } from "../named-tensor.ts";

/** How many of the likeliest classes are kept. */
const RANKS = 5;

/** An output that says for each row how likely each class is, or which one it is. */
export interface ClassScores {
  /** The classes of each row, the likeliest first: five of them, or the only one. */
  readonly rankings: readonly (readonly number[])[];
  /** How many classes there are; absent where the output names the class itself. */
  readonly classes?: number;
  /** Whether rows are steps of one sequence, rather than items of a batch. */
  readonly isSequence: boolean;
}

/**
 * Reads an output of `[classes]` or `[rows, classes]` as scores, one of `[1, steps, classes]` or
 * `[steps, 1, classes]` as scores of a sequence, and one of whole numbers as the classes themselves,
 * which models that end in an ArgMax give.
 *
 * @returns what is in the way, in words, where it is none of them
 */
export function classScores(output: NamedTensor): ClassScores | string {
  const { name, dims, dtype } = output;
  if (!dtype.startsWith("float")) {
    if (dtype === "bool" || dtype === "string")
      return `output "${name}" holds ${dtype}s, and classes are numbers`;
    const labels: ArrayLike<unknown> = elementsOf(output);
    return { rankings: Array.from(labels, (label) => [Number(label)]), isSequence: false };
  }
  const isSequence = dims.length === 3 && (dims[0] === 1 || dims[1] === 1);
  const classes = dims.at(-1) ?? 1;
  if (dims.length === 0 || (dims.length > 2 && !isSequence))
    return `output "${name}" is [${dims.join(", ")}], and classes are read from [rows, classes], text from [1, steps, classes]`;
  if (classes < 2)
    return `output "${name}" is [${dims.join(", ")}], one score a row, and a score for each class is needed`;
  const scores = elementsOf(output);
  const rankings: number[][] = [];
  for (let start = 0; start < scores.length; start += classes)
    rankings.push(likeliest(scores, start, classes));
  return { rankings, classes, isSequence };
}

/** The likeliest classes of a row; of equal ones, the first comes first. */
function likeliest(scores: ArrayLike<unknown>, start: number, classes: number): number[] {
  const ranking: number[] = [];
  const score = (label: number): number => Number(scores[start + label]);
  for (let label = 0; label < classes; label++) {
    const last = ranking[RANKS - 1];
    if (last !== undefined && score(label) <= score(last)) continue;
    const place = ranking.findIndex((other) => score(label) > score(other));
    ranking.splice(place === -1 ? ranking.length : place, 0, label);
    ranking.length = Math.min(ranking.length, RANKS);
  }
  return ranking;
}
