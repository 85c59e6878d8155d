import type { Case, Refuse } from "../golden/cases-file.ts";
import { elementsOf, type NamedTensor } from "../named-tensor.ts";
import { type ClassScores, classScores } from "./class-scores.ts";
import { greedyCtc } from "./greedy-ctc.ts";
import type {
  ClassedRow,
  Observation,
  ObservationKind,
  ReadText,
  ValueErrors,
} from "./observation.ts";
import { type ValuePair, valueErrors } from "./value-metrics.ts";

/** How to read answers. */
export interface Reading {
  /** The output that labels are about; absent where the model has several and none was named. */
  readonly output: string | undefined;
  /** What each class is called. */
  readonly vocabulary: readonly string[] | undefined;
}

/** Says what is wrong: with the case, which is its file's fault, or with the answer, the model's. */
export interface Complaints {
  readonly refuse: Refuse;
  readonly fail: Refuse;
}

/** Holds answers against what was expected, for the metrics of these kinds. */
export function observeCase(
  test: Case,
  answers: readonly NamedTensor[],
  options: Reading & Complaints & { readonly kinds: ReadonlySet<ObservationKind> },
): Observation {
  const { kinds } = options;
  return {
    ...(kinds.has("classes") ? { classes: classedRows(test, answers, options) } : {}),
    ...(kinds.has("values") ? { values: errorsOf(test, answers, options) } : {}),
    ...(kinds.has("text") ? { text: readText(test, answers, options) } : {}),
  };
}

/** Whether text is what an answer to this case reads as, rather than a class. */
export function isReadAsText({ label }: Case, answer: NamedTensor): boolean {
  return typeof label === "string" && answer.dims.length === 3;
}

/** The output that labels are about. */
export function labelledOutput(
  answers: readonly NamedTensor[],
  { output, fail }: Reading & Complaints,
): NamedTensor {
  const answer = answers.find(({ name }) => name === output);
  return answer ?? fail(`the model gave no output "${output}"`);
}

/** What an answer was taken for, row by row, beside the label. */
export function classedRows(
  { label }: Case,
  answers: readonly NamedTensor[],
  options: Reading & Complaints,
): ClassedRow[] {
  const { refuse } = options;
  const { rankings, classes, isSequence } = scoresOf(answers, options);
  if (typeof label === "string" && isSequence)
    return refuse(
      `its label is a text, and output "${options.output}" a sequence; measure cer, wer or exact`,
    );
  const labels = typeof label === "object" ? label : [label];
  if (labels.length !== rankings.length)
    return refuse(
      `it has ${labels.length === 1 ? "one label" : `${labels.length} labels`}, and the answer ${rankings.length} rows; give a list with a label for each`,
    );
  return rankings.map((ranking, row) => {
    const index = classIndex(labels[row], options);
    if (index < 0 || !Number.isSafeInteger(index) || index >= (classes ?? Number.POSITIVE_INFINITY))
      return refuse(
        `label ${labels[row]} is not a class${classes === undefined ? "" : `; they are 0 to ${classes - 1}`}`,
      );
    return { label: index, ranking };
  });
}

/** What an answer reads as, beside the label. Spaces around a text do not count. */
export function readText(
  { label }: Case,
  answers: readonly NamedTensor[],
  options: Reading & Complaints,
): ReadText {
  const { refuse, vocabulary } = options;
  const { rankings, isSequence } = scoresOf(answers, options);
  if (!isSequence) return refuse(`output "${options.output}" is no sequence to read text from`);
  if (typeof label !== "string" || vocabulary === undefined)
    return refuse("reading it takes a text as its label, and a --vocabulary");
  const best = rankings.map(([label = 0]) => label);
  return { read: greedyCtc(best, vocabulary).trim(), written: label.trim() };
}

function scoresOf(answers: readonly NamedTensor[], options: Reading & Complaints): ClassScores {
  const { refuse, vocabulary } = options;
  const answer = labelledOutput(answers, options);
  refuseInfinite(answer, options);
  const scores = classScores(answer);
  if (typeof scores === "string") return refuse(scores);
  if (vocabulary !== undefined && (scores.classes ?? vocabulary.length) !== vocabulary.length)
    return refuse(
      `the vocabulary has ${vocabulary.length} lines, and output "${answer.name}" ${scores.classes} classes; give one line for each, an empty first one for the blank of CTC included`,
    );
  return scores;
}

function classIndex(
  label: string | number | undefined,
  { vocabulary, refuse }: Reading & Complaints,
): number {
  if (typeof label === "number") return label;
  const index = label === undefined ? -1 : (vocabulary?.indexOf(label) ?? -1);
  return index === -1 ? refuse(`label "${label}" is no line of the vocabulary`) : index;
}

function errorsOf(
  { outputs, label }: Case,
  answers: readonly NamedTensor[],
  options: Reading & Complaints,
): ValueErrors {
  const { refuse, fail } = options;
  const pairs: ValuePair[] = [];
  const compare = (output: NamedTensor, expected: ArrayLike<unknown>): void => {
    refuseInfinite(output, options);
    const answer = elementsOf(output);
    if (answer.length !== expected.length)
      refuse(
        `output "${output.name}" has ${answer.length} elements, and ${expected.length} are expected`,
      );
    pairs.push({ answer, expected });
  };
  const chosen = outputs?.filter(({ name }) => (options.output ?? name) === name) ?? [];
  if (chosen.length === 0) {
    if (typeof label !== "number" && typeof label !== "object")
      return refuse("it has neither outputs nor numbers as its label");
    compare(labelledOutput(answers, options), typeof label === "number" ? [label] : label);
  }
  for (const output of chosen) {
    const answer = answers.find(({ name }) => name === output.name);
    if (answer === undefined) return fail(`the model gave no output "${output.name}"`);
    if (answer.dims.join() !== output.dims.join())
      return refuse(
        `output "${output.name}" is [${answer.dims.join(", ")}], and [${output.dims.join(", ")}] is expected`,
      );
    compare(answer, elementsOf(output));
  }
  return valueErrors(pairs);
}

function refuseInfinite(answer: NamedTensor, { fail }: Complaints): void {
  const values = elementsOf(answer);
  for (let i = 0; i < values.length; i++)
    if (!Number.isFinite(Number(values[i])))
      fail(`output "${answer.name}" is ${values[i]} at element ${i}`);
}
