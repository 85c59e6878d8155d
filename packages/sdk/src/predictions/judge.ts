import { FEEDBACK, SelvedgeError } from "@selvedge/protocol";
import type { AnswerSummary } from "../store/database.ts";
import { MOST_SCORES } from "./summarize-answer.ts";
import type { Truth } from "./truth.ts";

/** What a truth says of an answer, as it may leave the device. */
export type Judgement =
  | { readonly kind: "class"; readonly attributes: Readonly<Record<string, string>> }
  | {
      readonly kind: "value";
      /** How far the predicted value was from the true one, in the model's own unit, to two digits. */
      readonly error: number;
    };

/** @throws SelvedgeError `feedback-invalid` for what is no truth. */
export function requireTruth(truth: Truth): void {
  const { label, correct, value } = (truth ?? {}) as Record<string, unknown>;
  const given = [label, correct, value].filter((one) => one !== undefined);
  const isLabel = typeof label === "string" || Number.isFinite(label);
  if (given.length === 1 && (isLabel || typeof correct === "boolean" || Number.isFinite(value)))
    return;
  throw new SelvedgeError(
    "feedback-invalid",
    'A truth is {label} with a text or a number, {correct} with true or false, or {value} with a number. Pass one of them, such as {label: "cat"}.',
  );
}

/**
 * Holds a truth against what was answered. Names of classes are told only where the manifest's reference
 * has them; any other label says no more than right or wrong.
 *
 * @throws SelvedgeError `feedback-invalid` where the answer is none of that kind.
 */
export function judge(answer: AnswerSummary, truth: Truth): Judgement {
  if ("value" in truth) {
    if (answer.value === undefined) throw unfit(answer, "value");
    return { kind: "value", error: coarse(Math.abs(answer.value - truth.value)) };
  }
  const { classes = [], confidence, predicted = answer.value?.toString() } = answer;
  const label = "label" in truth ? String(truth.label) : undefined;
  if (label !== undefined && predicted === undefined) throw unfit(answer, "label");
  const isCorrect = "correct" in truth ? truth.correct : label === predicted;
  const known = (name: string | undefined): name is string =>
    name !== undefined && classes.includes(name);
  return {
    kind: "class",
    attributes: {
      [FEEDBACK.correct]: String(isCorrect),
      ...(known(predicted) ? { [FEEDBACK.predicted]: predicted } : {}),
      ...(known(label) ? { [FEEDBACK.label]: label } : {}),
      ...(confidence === undefined ? {} : { [FEEDBACK.confidence]: tenthOf(confidence) }),
    },
  };
}

/** To two digits: by a truth of 0, or a well-known one, the error would tell what was answered. */
function coarse(error: number): number {
  return Number(error.toPrecision(2));
}

function tenthOf(confidence: number): string {
  return String(Math.min(9, Math.max(0, Math.floor(confidence * 10))));
}

const NEEDS = {
  label: `one class. That takes one example whose class the reference in its pack has among its categories: one row of floats, ${MOST_SCORES} scores at most, or one category. Pack the model with such a reference`,
  value: "one number. That takes exactly one output that is a single number. Pass {label}",
};

function unfit({ id, model }: AnswerSummary, kind: keyof typeof NEEDS): SelvedgeError {
  return new SelvedgeError(
    "feedback-invalid",
    `No ${kind} can be held against what ${model} answered in prediction ${id}: it is not known as ${NEEDS[kind]}, or pass {correct}.`,
    { detail: { id, model } },
  );
}
